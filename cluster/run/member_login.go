package run

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"hash/maphash"
	"slices"
	"strconv"
	"strings"

	"slotdeck/cluster/plan"
	"slotdeck/cluster/wire"
)

// loginSettings tell how a server lets others in, and how it logs in itself.
var loginSettings = [...]any{"CONFIG", "GET", "requirepass", "masterauth", "masteruser", "cluster-announce-ip",
	"port", "tls-port", "tls-cluster", "tls-replication"}

// login notes how a server lets replicas and clients in. Passwords become
// digests at once.
func (c *MemberCrew) login(ctx context.Context, addr string, s *plan.MemberServer, settings, acl wire.Answer) {
	if acl.Err == nil {
		s.Login.Users = c.usersIn(acl)
	}
	if settings.Err != nil {
		return
	}
	has := pairsOf(settings.Value)
	s.Announced = has["cluster-announce-ip"]
	s.TLS = plan.MemberTLS{Known: true, Bus: has["tls-cluster"] == "yes", Replication: has["tls-replication"] == "yes"}
	s.TLS.Plain, _ = strconv.Atoi(has["port"])
	s.TLS.Port, _ = strconv.Atoi(has["tls-port"]) // absent where the server was built without TLS
	l := &s.Login
	l.Known, l.As = true, has["masteruser"]
	l.Asks, l.Gives = c.digest(has["requirepass"]), c.digest(has["masterauth"])
	if has["masterauth"] != "" {
		sum := sha256.Sum256([]byte(has["masterauth"]))
		l.Hashed = c.digest(hex.EncodeToString(sum[:]))
	}
	if _, mine := l.Users[l.As]; l.As != "" && mine {
		l.Denied = c.denied(ctx, addr, l.As)
	}
}

// denied is the first of a replica's commands that a user may not send; empty
// when all may be, or that cannot be asked.
func (c *MemberCrew) denied(ctx context.Context, addr, user string) string {
	dry := func(words ...any) []any { return append([]any{"ACL", "DRYRUN", user}, words...) }
	for i, a := range c.ask(ctx, addr, memberPatience, dry("PING"), dry("REPLCONF", "capa", "eof"), dry("PSYNC", "?", "-1")) {
		if a.Err == nil && textOf(a) != "OK" {
			return [...]string{"PING", "REPLCONF", "PSYNC"}[i]
		}
	}
	return ""
}

// usersIn reads the lines of ACL LIST: "user NAME on #HASH ~* +@all".
func (c *MemberCrew) usersIn(a wire.Answer) map[string]plan.MemberUser {
	list, _ := a.Value.([]any)
	users := make(map[string]plan.MemberUser, len(list))
	for _, entry := range list {
		line, _ := entry.(string)
		words := strings.Fields(line)
		if len(words) < 2 || words[0] != "user" {
			continue
		}
		rules := slices.Sorted(slices.Values(words[2:])) // Redis 7.0 lists commands in any order
		u := plan.MemberUser{Rules: c.digest(strings.Join(rules, " "))}
		for _, w := range words[2:] {
			switch hash, hashed := strings.CutPrefix(w, "#"); {
			case hashed:
				u.Passwords = append(u.Passwords, c.digest(hash))
			case w == "off":
				u.Off = true
			case w == "nopass":
				u.NoPass = true
			}
		}
		users[words[1]] = u
	}
	return users
}

// digest is comparable within this crew; 0 stands for nothing.
func (c *MemberCrew) digest(text string) uint64 {
	if text == "" {
		return 0
	}
	return max(1, maphash.String(c.seed, text))
}
