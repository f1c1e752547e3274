package wire

import (
	"fmt"
	"strings"
)

// reading are the commands that change nothing that outlives the connection.
// A command that is not here counts as changing something: the journal would
// rather keep too much than miss a change. A command with subcommands is
// listed by each that reads.
var reading = words(`
	ping echo hello auth select quit time info role dbsize lastsave
	readonly readwrite asking wait lolwut
	get mget getrange strlen getbit bitcount bitpos bitfield_ro substr lcs
	exists type ttl pttl expiretime pexpiretime randomkey keys scan dump sort_ro touch
	hget hmget hgetall hexists hkeys hvals hlen hstrlen hscan hrandfield httl hpttl hexpiretime hpexpiretime
	lrange llen lindex lpos
	smembers sismember smismember scard sscan srandmember sinter sintercard sunion sdiff
	zrange zrangebyscore zrangebylex zrevrange zrevrangebyscore zrevrangebylex zrank zrevrank zscore zmscore
	zcard zcount zlexcount zscan zrandmember zinter zintercard zunion zdiff
	xrange xrevrange xlen xread
	geopos geodist geohash geosearch georadius_ro georadiusbymember_ro pfcount
	clusterscan
	cluster|nodes cluster|shards cluster|slots cluster|info cluster|links cluster|myid cluster|myshardid
	cluster|slot-stats cluster|countkeysinslot cluster|getkeysinslot cluster|keyslot cluster|replicas
	cluster|slaves cluster|count-failure-reports cluster|getslotmigrations cluster|migration|status cluster|help
	config|get config|help
	client|list client|info client|id client|getname client|setname client|setinfo client|help client|no-touch
	acl|whoami acl|list acl|users acl|getuser acl|cat acl|log acl|help acl|genpass acl|dryrun
	command command|info command|count command|docs command|list command|getkeys command|help
	memory|usage memory|stats memory|doctor memory|malloc-stats memory|help
	latency|latest latency|history latency|histogram latency|doctor latency|graph latency|help
	slowlog|get slowlog|len slowlog|help commandlog|get commandlog|len commandlog|help
	object|encoding object|freq object|idletime object|refcount object|help
	xinfo|stream xinfo|groups xinfo|consumers xinfo|help
	module|list module|help hotkeys|get script|exists pubsub|channels pubsub|numsub pubsub|numpat
	pubsub|shardchannels pubsub|shardnumsub function|list function|stats function|dump
	sentinel|masters sentinel|master sentinel|replicas sentinel|sentinels sentinel|get-master-addr-by-name
	sentinel|ckquorum sentinel|primaries sentinel|primary sentinel|get-primary-addr-by-name
`)

// families are the commands whose effect is told by their second word.
var families = words(`cluster config client acl memory latency slowlog commandlog object xinfo module
	hotkeys script pubsub function sentinel debug command`)

func words(text string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(text) {
		set[strings.ToLower(w)] = true
	}
	return set
}

// commandName is the command in capitals, with its subcommand where it has
// any: "CLUSTER NODES".
func commandName(args []any) string {
	if len(args) == 0 {
		return ""
	}
	name := strings.ToLower(word(args[0]))
	if len(args) > 1 && families[name] {
		name += " " + strings.ToLower(word(args[1]))
		// What these do is told by their third word.
		if len(args) > 2 && (name == "cluster migration" || name == "acl log" && !isNumber(word(args[2]))) {
			name += " " + strings.ToLower(word(args[2]))
		}
	}
	return strings.ToUpper(clean(name, 64))
}

// plainReading are the names of the readings as this program writes them, by their
// first and second word: most commands are found here, without their names being
// put together.
var plainReading = func() map[string]map[string]string {
	found := map[string]map[string]string{}
	for name := range reading {
		first, second, _ := strings.Cut(strings.ToUpper(name), "|")
		if found[first] == nil {
			found[first] = map[string]string{}
		}
		if !strings.Contains(second, "|") && name != "acl|log" {
			found[first][second] = strings.TrimSuffix(first+" "+second, " ")
		}
	}
	return found
}()

// knownReading is, quickly, the name of a command that is known to change nothing;
// that it is empty says nothing yet.
func knownReading(args []any) string {
	if len(args) == 0 {
		return ""
	}
	first, _ := args[0].(string)
	seconds := plainReading[first]
	if len(args) == 1 || len(seconds) == 1 && seconds[""] != "" {
		return seconds[""]
	}
	second, _ := args[1].(string)
	return seconds[second]
}

// changes reports whether the command may change something.
func changes(name string) bool {
	return !reading[strings.ReplaceAll(strings.ToLower(name), " ", "|")]
}

func isNumber(text string) bool { return text != "" && strings.Trim(text, "0123456789") == "" }

func word(arg any) string {
	switch v := arg.(type) {
	case string:
		return v
	case *string:
		return *v
	case []byte:
		return string(v)
	case Secret:
		return hidden
	}
	return fmt.Sprint(arg)
}
