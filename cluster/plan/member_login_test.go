package plan

import (
	"strings"
	"testing"
)

// user is one that an ACL lets in with a password.
func user(password uint64, rules uint64) MemberUser {
	return MemberUser{Rules: rules, Passwords: []uint64{password}}
}

func TestServersThatWouldNotLetEachOtherInAreNoCluster(t *testing.T) {
	asRepl := func(s []MemberServer) {
		for i := range s {
			s[i].Login.As, s[i].Login.Gives, s[i].Login.Hashed = "repl", 7, 70
			s[i].Login.Users = map[string]MemberUser{"repl": user(70, 1)}
		}
	}
	overTLS := func(s []MemberServer) {
		for i := range s {
			s[i].TLS = MemberTLS{Known: true, Bus: true, Replication: true, Plain: 7000, Port: 7443}
		}
	}
	for _, c := range []struct {
		name, refused, warned, passed string
		bend                          func(s []MemberServer)
	}{
		{"no passwords", "", "", "", func([]MemberServer) {}},
		{"one password", "", "", "every node gives its primary what the others ask for", func(s []MemberServer) {
			for i := range s {
				s[i].Login.Asks, s[i].Login.Gives = 5, 5
			}
		}},
		{"one asks", "10.1.0.1:7000 would not be let in by 10.1.0.4:7000 as its replica", "", "", func(s []MemberServer) { s[3].Login.Asks = 5 }},
		{"a user", "", "", "every node gives its primary what the others ask for", asRepl},
		{"no such user", "and there is no such user there", "", "", func(s []MemberServer) { asRepl(s); delete(s[2].Login.Users, "repl") }},
		{"a user that is off", "is off there", "", "", func(s []MemberServer) { asRepl(s); s[2].Login.Users["repl"] = MemberUser{Off: true} }},
		{"another password", "another password there", "", "", func(s []MemberServer) { asRepl(s); s[2].Login.Users["repl"] = user(71, 1) }},
		{"no rights", "may not PSYNC there", "", "", func(s []MemberServer) { asRepl(s); s[2].Login.Denied = "PSYNC" }},
		{"unknown", "", "could not be checked on 10.1.0.2:7000", "", func(s []MemberServer) { s[1].Login.Known = false }},
		{"users differ", "", `do not have the same users: "app" differs`, "", func(s []MemberServer) {
			asRepl(s)
			s[4].Login.Users["app"] = user(1, 1)
		}},
		{"users alike", "", "", "all have the same users", asRepl},
		{"TLS", "", "", "all speak TLS on the cluster bus: yes", overTLS},
		{"TLS on some", "10.1.0.1:7000 speaks TLS on the cluster bus and 10.1.0.6:7000 does not", "", "", func(s []MemberServer) { overTLS(s); s[5].TLS.Bus = false }},
		{"no TLS port", "would replicate over TLS (tls-replication), and 10.1.0.3:7000 has no port for it", "", "", func(s []MemberServer) { overTLS(s); s[2].TLS.Port = 0 }},
		{"no plain port", "would replicate without TLS, and", "", "", func(s []MemberServer) {
			overTLS(s)
			s[0].TLS.Replication, s[3].TLS.Plain = false, 0
		}},
		{"functions differ", "", "every primary needs the same", "", func(s []MemberServer) { s[1].Libraries = []string{"lib"} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := servers(6)
			c.bend(s)
			p, err := PlanCreate(CreateRequest{Servers: s, Replicas: 1})
			if c.refused != "" {
				if r := checkRefusal(t, BadRequest, err, p.Title); !strings.Contains(r.Text, c.refused) {
					t.Errorf("it says %q, not %q", r.Text, c.refused)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if c.warned != "" && !memberSays(p.Checks, Warned, c.warned) || c.passed != "" && !memberSays(p.Checks, Passed, c.passed) {
				t.Errorf("%v", p.Checks)
			}
		})
	}
}

func TestAddedNodeIsHeldAgainstAPrimaryOfTheCluster(t *testing.T) {
	two := servers(2)
	peer, fresh := two[0], two[1]
	peer.Login.Asks, peer.Login.Gives = 5, 5
	_, err := PlanAdd(three().snapshot(), AddRequest{New: fresh, Replica: true, Peer: &peer})
	if r := checkRefusal(t, BadRequest, err, "a plan"); !strings.Contains(r.Text, "10.1.0.2:7000 would not be let in by 10.1.0.1:7000") {
		t.Error(r.Text)
	}
	fresh.Login.Asks, fresh.Login.Gives = 5, 5
	if _, err = PlanAdd(three().snapshot(), AddRequest{New: fresh, Replica: true, Peer: &peer}); err != nil {
		t.Error(err)
	}
}
