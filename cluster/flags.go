package cluster

import "strings"

// flagWords are the flags as servers write them, in the servers' order.
var flagWords = [...]struct {
	flag Flags
	word string
}{
	{Myself, "myself"}, {Primary, "master"}, {Replica, "slave"}, {PFail, "fail?"}, {Fail, "fail"},
	{Handshake, "handshake"}, {NoAddr, "noaddr"}, {NoFailover, "nofailover"},
}

// String writes the flags in the server's own words: "myself,master", "noflags".
func (f Flags) String() string {
	if f == 0 {
		return "noflags"
	}
	var words []string
	for _, w := range &flagWords {
		if f&w.flag != 0 {
			words = append(words, w.word)
		}
	}
	return strings.Join(words, ",")
}

// parseFlags reads the third field of a CLUSTER NODES line; words it does not
// know are handed back.
func parseFlags(text string) (f Flags, other []string) {
	for text != "" {
		var word string
		word, text, _ = strings.Cut(text, ",")
		flag := flagOf(word)
		f |= flag
		if flag == 0 && word != "" && word != "noflags" {
			other = append(other, word)
		}
	}
	return f, other
}

func flagOf(word string) Flags {
	for i := range flagWords {
		if flagWords[i].word == word {
			return flagWords[i].flag
		}
	}
	return 0
}
