package main

import (
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"

	"slotdeck/cluster/fake"
)

// attack is a cluster, or somebody on the path to it, that answers as no honest
// server would.
type attack struct {
	name string
	hook func(c fake.Command) fake.Reply // of every node; nil: honest answers
	plot func(t *fake.Topology)          // what all nodes say of each other
	args []string                        // the sub-command to try, ADDR standing for the address; none: check
	keys string                          // what is pressed in the console beyond the screens
	mute bool                            // no console: what it attacks the console never asks for
}

// Every attack text carries a marker behind each way of steering a terminal, so
// that what reaches it can be told from what slotdeck itself draws.
const (
	title     = "\x1b]0;EVIL\a"
	clipboard = "\x1b]52;c;RVZJTA==\x1b\\"
	colour    = "\x1b[4711m"
	rawC1     = "\x9b4711m\x9d0;EVIL\x9c\x90EVIL\x9c" // also not UTF-8
	textC1    = "\u009b4711m\u009d0;EVIL\u009c"
	bidi      = "\u202eEVIL\u2066\u200f"
	zalgo     = "E\u0301\u0302\u0303\u0304V\u200dI\ufe0fL"
	evil      = title + clipboard + colour + rawC1 + textC1 + bidi + zalgo + "\xff\xfe\x00\x7f\b\v\t"
)

// answers is a hook that gives one reply to the commands named.
func answers(r fake.Reply, names ...string) func(fake.Command) fake.Reply {
	return func(c fake.Command) fake.Reply {
		for _, n := range names {
			if c.Name() == n || n == "" {
				return r
			}
		}
		return fake.Reply{}
	}
}

// raw answers the commands named with these bytes.
func raw(text string, names ...string) func(fake.Command) fake.Reply {
	return answers(fake.Reply{Raw: []byte(text)}, names...)
}

// edits alters the honest answer to a command.
func edits(name string, f func(string) string) func(fake.Command) fake.Reply {
	return answers(fake.Reply{Edit: f}, name)
}

// swaps replaces a part of the honest answer to a command.
func swaps(name, from, to string) func(fake.Command) fake.Reply {
	return edits(name, func(text string) string { return strings.ReplaceAll(text, from, to) })
}

// list is an array of bulk strings on the wire.
func list(texts ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(texts))
	for _, t := range texts {
		b.Write(fake.Bulk(t))
	}
	return b.String()
}

// endless answers with a beginning, and then with a part without end.
func endless(part string, names ...string) func(fake.Command) fake.Reply {
	return answers(fake.Reply{Raw: []byte(strings.Repeat(part, 1+(1<<16)/len(part))), Repeat: true}, names...)
}

const nodesQuery, infoQuery = "CLUSTER NODES", "INFO"

var (
	get    = []string{"exec", "--timeout", "2s", "ADDR", "GET", "k"}
	traced = []string{"trace", "--timeout", "2s", "ADDR", "GET", "k"}
	scan   = []string{"scan", "ADDR"}
)

func called(words ...string) []string {
	return append([]string{"call", "ADDR"}, append(words, "-o", "json")...)
}

// attacks are the scenarios.
func attacks() []attack {
	return []attack{
		// Sizes.
		{name: "a text of 512 MiB is announced", hook: raw("$536870912\r\nx", nodesQuery)},
		{name: "a text of the greatest length is announced", hook: raw("$9223372036854775807\r\nx", nodesQuery)},
		{name: "a length beyond all numbers", hook: raw("$99999999999999999999999\r\nx", infoQuery)},
		{name: "a negative length", hook: raw("$-2\r\n", nodesQuery)},
		{name: "a negative number of elements", hook: raw("*-2147483648\r\n", nodesQuery)},
		{name: "a length in letters", hook: raw("$abc\r\nx\r\n", infoQuery)},
		{name: "a list of two thousand million elements is announced", hook: raw("*2147483647\r\n:1\r\n", "GET"), args: get},
		{name: "a list as long as may be, and nothing in it", hook: raw("*4000000\r\n", "GET"), args: get, mute: true},
		{name: "sixty megabytes are announced and never come", hook: raw("$60000000\r\nx", nodesQuery)},
		{name: "lists in lists without end", hook: endless("*1\r\n", "GET"), args: get, mute: true},
		{name: "ten thousand lists in one another", hook: raw(strings.Repeat("*1\r\n", 10000)+":1\r\n", nodesQuery)},
		{name: "a text without end", hook: endless("x", nodesQuery)},
		{name: "a status without end", hook: endless("+OK", infoQuery)},
		{name: "statuses without end", hook: endless("+OK\r\n", infoQuery)},
		{name: "an error without end", hook: endless("-ERR "+evil, nodesQuery)},
		{name: "a topology without end", hook: answers(fake.Reply{Raw: []byte("$67000000\r\n" + strings.Repeat(strings.Repeat("f", 40)+" 10.0.0.1:7000@17000 master - 0 0 1 connected\n", 800)), Repeat: true}, nodesQuery)},
		{name: "sixteen megabytes of nodes", hook: raw(string(fake.Bulk(manyNodes(150000))), nodesQuery)},
		{name: "an INFO of ten megabytes", hook: edits(infoQuery, func(s string) string { return s + strings.Repeat("field:value\r\n", 800000) })},

		// Text.
		{name: "node names", hook: answers(fake.Reply{Edit: func(s string) string {
			return strings.ReplaceAll(s, "@", ","+line(evil)+"@")
		}}, nodesQuery)},
		{name: "host names", hook: edits(nodesQuery, func(s string) string {
			return strings.ReplaceAll(s, " master ", ","+line(evil)+" master ")
		})},
		{name: "hosts", hook: swaps(nodesQuery, "127.0.0.1", line(evil))},
		{name: "ids", hook: swaps(nodesQuery, fake.ID(1)[:8], line(evil))},
		{name: "flags, epochs and slots", hook: edits(nodesQuery, func(s string) string {
			return strings.ReplaceAll(s, "connected", "connected "+line(evil)+" [5->-"+line(evil)+"]")
		})},
		{name: "INFO values", hook: edits(infoQuery, func(s string) string {
			return strings.ReplaceAll(s, "7.0.15", line(evil)) + "# " + line(evil) + "\r\n" + line(evil) + ":" + line(evil) + "\r\n"
		}), keys: "3\r"},
		{name: "cluster state", hook: swaps("CLUSTER INFO", "cluster_state:ok", "cluster_state:"+line(evil))},
		{name: "an error to everything", hook: answers(fake.Reply{Error: "ERR " + line(evil)}, "")},
		{name: "an error to the topology", hook: answers(fake.Reply{Error: line(evil)}, nodesQuery)},
		{name: "a refusal of the password's kind", hook: answers(fake.Reply{Error: "NOAUTH " + line(evil)}, "")},
		{name: "a page of a web server", hook: answers(fake.Reply{Raw: []byte("HTTP/1.1 400 Bad\r\n\r\n" + evil), Close: true}, "")},
		{name: "settings", hook: raw(list("maxmemory-policy", evil, evil, evil), "CONFIG GET"), keys: "3\r"},
		{name: "slow log entries", hook: raw("*1\r\n*6\r\n:1\r\n:1700000000\r\n:9\r\n"+list("GET", evil)+string(fake.Bulk(evil))+string(fake.Bulk(evil)), "SLOWLOG"), args: called("SLOWLOG", "GET"), mute: true},
		{name: "client names", hook: answers(fake.Reply{Text: "id=1 addr=1:2 name=" + evil + "\n"}, "CLIENT LIST"), args: called("CLIENT", "LIST"), mute: true},
		{name: "a status in answer to a command", hook: raw("+"+line(evil)+"\r\n", "GET"), args: get, mute: true},
		{name: "a value", hook: answers(fake.Reply{Text: evil}, "GET"), args: get, mute: true},
		{name: "an error in a list", hook: raw("*2\r\n-ERR "+line(evil)+"\r\n+"+line(evil)+"\r\n", "GET"), args: get, mute: true},
		{name: "keys", hook: raw("*2\r\n$1\r\n0\r\n"+list(evil, "k"+evil), "SCAN"), args: scan, keys: "4]]"},
		{name: "a cursor that never ends", hook: answers(fake.Reply{Raw: []byte("*2\r\n$1\r\n7\r\n" + list("k"))}, "SCAN"), args: []string{"scan", "ADDR", "--limit", "50"}, mute: true},
		{name: "a cursor that is none", hook: raw("*2\r\n"+string(fake.Bulk(evil))+list("k"), "SCAN"), args: scan, mute: true},

		// Topology.
		{name: "a thousand nodes at one address", plot: thousandAtOneAddress},
		{name: "every node knows a thousand others", hook: strangers()},
		{name: "two nodes of one id", hook: swaps(nodesQuery, fake.ID(1), fake.ID(0))},
		{name: "every slot is everybody's", plot: func(t *fake.Topology) {
			for i := range t.Members {
				t.Members[i].Slots = "0-16383"
			}
		}},
		{name: "every node says it is another", hook: shuffledMyself()},
		{name: "replicas of replicas in a ring", plot: func(t *fake.Topology) {
			for i := range t.Members {
				t.Members[i].Primary, t.Members[i].Slots = t.Members[(i+1)%len(t.Members)].ID, ""
			}
		}},
		{name: "slots beyond the last, backwards, and not at all", plot: func(t *fake.Topology) {
			t.Members[0].Slots = "0-99999 500-100 -5 16384 x-y 18446744073709551616"
			t.Members[1].Open = "[99999->-x] [5-<-" + fake.ID(0) + "] [5->-" + fake.ID(0) + "] [[]]"
		}},
		{name: "epochs and times beyond all numbers", hook: swaps(nodesQuery, " connected", "99999999999999999999999999 connected")},
		{name: "bad ports and addresses", hook: edits(nodesQuery, func(s string) string {
			return s + strings.Repeat("a", 40) + " 10.0.0.1:99999@-1 master - 0 0 1 connected\n" +
				strings.Repeat("b", 40) + " :0@0 master,noaddr - 0 0 1 connected\n" +
				strings.Repeat("c", 40) + " [::1]:x@y master - 0 0 1 connected\n" +
				strings.Repeat("d", 40) + " @@@@:::: slave " + strings.Repeat("d", 40) + " 0 0 1 connected\n"
		})},
		{name: "another topology at every look", hook: changing()},
		{name: "INFO numbers beyond all bounds", hook: edits(infoQuery, func(s string) string {
			return strings.NewReplacer("used_memory:1000000", "used_memory:-9223372036854775808", "maxmemory:0", "maxmemory:9223372036854775807",
				"master_repl_offset:1000", "master_repl_offset:-9223372036854775808", "uptime_in_seconds:100", "uptime_in_seconds:9223372036854775807",
				"mem_fragmentation_ratio:2.00", "mem_fragmentation_ratio:NaN").Replace(s)
		})},

		// Redirections.
		{name: "MOVED to itself for ever", hook: movedTo(func(own string) string { return own }), args: traced, mute: true},
		{name: "ASK to itself for ever", hook: answers(fake.Reply{Error: "ASK 5 "}, "GET"), args: traced, mute: true},
		{name: "MOVED to nowhere", hook: answers(fake.Reply{Error: "MOVED 5 127.0.0.1:1"}, "GET"), args: traced, mute: true},
		{name: "MOVED to a port beyond the last", hook: answers(fake.Reply{Error: "MOVED 5 127.0.0.1:99999"}, "GET"), args: get, mute: true},
		{name: "MOVED to a file", hook: answers(fake.Reply{Error: "MOVED 5 unix:///etc/passwd"}, "GET"), args: get, mute: true},
		{name: "MOVED to what steers a terminal", hook: answers(fake.Reply{Error: "MOVED 5 " + line(evil) + ":6379"}, "GET"), args: traced, mute: true},
		{name: "MOVED of no slot", hook: answers(fake.Reply{Error: "MOVED 99999999999999999999 :x"}, "GET"), args: traced, mute: true},
		{name: "redirections as answers to the topology", hook: answers(fake.Reply{Error: "MOVED 1 10.255.255.1:1"}, nodesQuery, infoQuery)},

		// Framing and time.
		{name: "push messages in between", hook: raw(">3\r\n$7\r\nmessage\r\n$1\r\nx\r\n$4\r\nEVIL\r\n+PONG\r\n", nodesQuery)},
		{name: "types of RESP3 that nobody asked for", hook: raw("%1\r\n+a\r\n#t\r\n", infoQuery)},
		{name: "an endless list of RESP3", hook: raw("*?\r\n+a\r\n", nodesQuery)},
		{name: "an attribute before the answer", hook: raw("|1\r\n+a\r\n+b\r\n_\r\n", nodesQuery)},
		{name: "two answers to one question", hook: raw("+OK\r\n+OK\r\n+OK\r\n", "CLUSTER INFO")},
		{name: "the answers change places", hook: traded()},
		{name: "it closes in the middle of an answer", hook: answers(fake.Reply{Raw: []byte("$1000\r\nabc"), Close: true}, nodesQuery)},
		{name: "it closes at once", hook: answers(fake.Reply{Close: true}, "")},
		{name: "answers byte by byte", hook: answers(fake.Reply{Drip: true}, "")},
		{name: "it never answers", hook: answers(fake.Reply{Never: true}, "")},
		{name: "it never answers about the topology", hook: answers(fake.Reply{Never: true}, nodesQuery)},
		{name: "a number for a text and a list for a number", hook: func(c fake.Command) fake.Reply {
			switch c.Name() {
			case nodesQuery, infoQuery:
				return fake.Reply{Raw: []byte(":42\r\n")}
			case "CLUSTER INFO":
				return fake.Reply{Raw: []byte("*2\r\n*0\r\n$-1\r\n")}
			}
			return fake.Reply{}
		}},
		{name: "nothing at all for everything", hook: raw("$-1\r\n", "")},
	}
}

// line is an attack text without what would end the line or the word that it
// stands in.
func line(s string) string {
	return strings.NewReplacer("\r", "", "\n", "", "\t", "", "\v", "", " ", "", "\x00", "").Replace(s)
}

func manyNodes(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%s 127.0.0.1:%d@%d master - 0 0 %d connected\n", fake.ID(i+10), 1+i%100, 1, i)
	}
	return b.String()
}

func thousandAtOneAddress(t *fake.Topology) {
	first := t.Members[0]
	for i := range 1000 {
		t.Members = append(t.Members, fake.Member{ID: fake.ID(i + 100), Host: first.Host, Port: first.Port, Primary: first.ID})
	}
}

// strangers lets every look bring a thousand nodes that nobody knew.
func strangers() func(fake.Command) fake.Reply {
	var look atomic.Int64
	return edits(nodesQuery, func(s string) string {
		from := int(look.Add(1)) * 1000
		var b strings.Builder
		for i := range 1000 {
			fmt.Fprintf(&b, "%s 127.0.0.1:1@2 master - 0 0 %d connected\n", fake.ID(from+i), i)
		}
		return s + b.String()
	})
}

// shuffledMyself marks another line than its own as the node itself.
func shuffledMyself() func(fake.Command) fake.Reply {
	return edits(nodesQuery, func(s string) string {
		lines := strings.SplitAfter(strings.ReplaceAll(s, "myself,", ""), "\n")
		lines[0] = strings.Replace(strings.Replace(lines[0], " master ", " myself,master ", 1), " slave ", " myself,slave ", 1)
		lines[1] = strings.Replace(lines[1], " master ", " myself,master ", 1)
		return strings.Join(lines, "")
	})
}

// changing gives all nodes other ids and slots at each look.
func changing() func(fake.Command) fake.Reply {
	var look atomic.Int64
	return edits(nodesQuery, func(s string) string {
		n := look.Add(1)
		for i := range 4 {
			s = strings.ReplaceAll(s, fake.ID(i), fake.ID(i+int(n)*10))
		}
		return strings.ReplaceAll(s, "0-", strconv.FormatInt(n%100, 10)+"-")
	})
}

// movedTo sends every command on to an address made of the node's own.
func movedTo(where func(own string) string) func(fake.Command) fake.Reply {
	return func(c fake.Command) fake.Reply {
		if c.Name() != "GET" {
			return fake.Reply{}
		}
		return fake.Reply{Error: "MOVED 5 " + where("")}
	}
}

// traded answers each question with the answer to the one before it.
func traded() func(fake.Command) fake.Reply {
	return func(c fake.Command) fake.Reply {
		switch c.Name() {
		case nodesQuery:
			return fake.Reply{Text: "# Server\r\nredis_version:7.0.15\r\n"}
		case infoQuery:
			return fake.Reply{Text: "cluster_state:ok\r\ncluster_slots_assigned:16384\r\n"}
		case "CLUSTER INFO":
			return fake.Reply{Text: manyNodes(2)}
		}
		return fake.Reply{}
	}
}
