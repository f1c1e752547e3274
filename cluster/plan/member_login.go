package plan

import (
	"fmt"
	"maps"
	"slices"
)

// MemberLogin is whom a server lets in, and what it gives its primary to be let
// in there. Passwords are digests, comparable with those of servers read by the
// same run and meaningless elsewhere; 0: none.
type MemberLogin struct {
	Known  bool   // the settings could be read
	Asks   uint64 // the password of the default user
	Gives  uint64 // the password that it gives to its primary
	Hashed uint64 // the digest of that one's hash, as ACLs have it
	As     string // the user that it gives it as; empty: the default one
	Denied string // what that user may not do on this server itself, of what a replica does

	Users map[string]MemberUser // by name; nil: could not be read
}

// MemberUser is an ACL user of a server.
type MemberUser struct {
	Rules     uint64 // a digest of all that the ACL says of it
	Off       bool
	NoPass    bool
	Passwords []uint64 // comparable with MemberLogin.Hashed
}

// MemberTLS is where a server speaks TLS.
type MemberTLS struct {
	Known       bool
	Bus         bool // tls-cluster
	Replication bool // tls-replication
	Plain, Port int  // the ports for clients without and with TLS; 0: none
}

// letIn checks that each of some servers would be let in by each other one as
// its replica: after a failover the roles are the other way round. Servers that
// did not tell are told of, not refused.
func letIn(f *findings, servers []*MemberServer) {
	var silent []string
	checked := 0
	for _, r := range servers {
		if !r.Login.Known {
			silent = append(silent, clean(r.Addr))
			continue
		}
		for _, p := range servers {
			if r == p {
				continue
			}
			what, sure := r.Login.refusedBy(&p.Login)
			if what != "" {
				f.deny(BadRequest, fmt.Sprintf("%s would not be let in by %s as its replica: %s", clean(r.Addr), clean(p.Addr), what), r.ID())
				return
			}
			if sure {
				checked++
			}
		}
	}
	switch n := len(servers); {
	case len(silent) > 0:
		f.warn(fmt.Sprintf("whether replicas are let in could not be checked on %s: this user may not read requirepass and masterauth there (CONFIG GET)", some(silent)))
	case checked == n*(n-1) && (servers[0].Login.Asks != 0 || servers[0].Login.As != ""):
		f.ok("every node gives its primary what the others ask for (masterauth)")
	}
}

// refusedBy says why a primary would not let a replica in; sure is false when
// that could not be told.
func (r *MemberLogin) refusedBy(p *MemberLogin) (why string, sure bool) {
	if r.As == "" || r.As == "default" {
		if p.Known && p.Asks != 0 && r.Gives != p.Asks {
			return "it is asked for a password that it would not give; set masterauth there to the password of the others", true
		}
		return "", p.Known
	}
	if p.Users == nil {
		return "", false
	}
	u, there := p.Users[r.As]
	who := fmt.Sprintf("it logs in as user %s (masteruser)", quote(r.As))
	switch {
	case !there:
		return who + ", and there is no such user there", true
	case u.Off:
		return who + ", and that user is off there", true
	case !u.NoPass && !slices.Contains(u.Passwords, r.Hashed):
		return who + ", and that user has another password there (masterauth)", true
	case p.As == r.As && p.Denied != "":
		return who + ", who may not " + clean(p.Denied) + " there; a replica needs +psync +replconf +ping", true
	}
	return "", true
}

// sameUsers warns of users who are let in on one server and not, or otherwise,
// on another: the ACL is no part of what replicas copy.
func sameUsers(f *findings, servers []*MemberServer) {
	var first *MemberServer
	for _, s := range servers {
		switch {
		case s.Login.Users == nil:
			continue
		case first == nil:
			first = s
			continue
		}
		names := map[string]bool{}
		for _, m := range []map[string]MemberUser{first.Login.Users, s.Login.Users} {
			for name := range m {
				names[name] = true
			}
		}
		var differ []string
		for _, name := range slices.Sorted(maps.Keys(names)) {
			if first.Login.Users[name].Rules != s.Login.Users[name].Rules {
				differ = append(differ, quote(name))
			}
		}
		if len(differ) > 0 {
			f.warn(fmt.Sprintf("%s and %s do not have the same users: %s %s; whoever is let in on one is not, or may do other things, on the other",
				clean(first.Addr), clean(s.Addr), some(differ), verb(len(differ), "differs", "differ")))
			return
		}
	}
	if first != nil && len(servers) > 1 && !slices.ContainsFunc(servers, func(s *MemberServer) bool { return s.Login.Users == nil }) {
		f.ok("all have the same users, passwords and rights")
	}
}

// sameTLS refuses servers of which one speaks TLS to others where those do not:
// they could not meet, or replicas not copy.
func sameTLS(f *findings, servers []*MemberServer, replicas bool) {
	var known []*MemberServer
	for _, s := range servers {
		if s.TLS.Known {
			known = append(known, s)
		}
	}
	for _, s := range known {
		first := known[0]
		if s.TLS.Bus != first.TLS.Bus {
			with, without := s, first
			if first.TLS.Bus {
				with, without = first, s
			}
			f.deny(BadRequest, fmt.Sprintf("%s speaks TLS on the cluster bus and %s does not, so that they could not meet; make tls-cluster the same on both", clean(with.Addr), clean(without.Addr)), s.ID())
			return
		}
		for _, p := range known {
			switch {
			case !replicas || p == s:
			case s.TLS.Replication && p.TLS.Port == 0:
				f.deny(BadRequest, fmt.Sprintf("%s would replicate over TLS (tls-replication), and %s has no port for it (tls-port)", clean(s.Addr), clean(p.Addr)), s.ID())
				return
			case !s.TLS.Replication && p.TLS.Plain == 0:
				f.deny(BadRequest, fmt.Sprintf("%s would replicate without TLS, and %s has no port for that; set tls-replication to yes there", clean(s.Addr), clean(p.Addr)), s.ID())
				return
			}
		}
	}
	for _, s := range known {
		if s.TLS.Port > 0 && (!s.TLS.Bus || replicas && !s.TLS.Replication) {
			f.warn(fmt.Sprintf("%s has TLS for clients; on the cluster bus: %s; for replication: %s; what is not speaks plainly between the nodes, passwords too",
				clean(s.Addr), yesNo(s.TLS.Bus), yesNo(s.TLS.Replication)))
			return
		}
	}
	if len(known) == len(servers) && len(known) > 0 && (known[0].TLS.Bus || known[0].TLS.Replication) {
		f.ok(fmt.Sprintf("all speak TLS on the cluster bus: %s; for replication: %s", yesNo(known[0].TLS.Bus), yesNo(known[0].TLS.Replication)))
	}
}

// sameLibraries warns of servers with different functions: clients would meet
// some on one primary and not on another.
func sameLibraries(f *findings, servers []*MemberServer) {
	var first *MemberServer
	for _, s := range servers {
		switch {
		case s.LibsUnknown:
			continue
		case first == nil:
			first = s
			continue
		}
		if a, b := slices.Sorted(slices.Values(first.Libraries)), slices.Sorted(slices.Values(s.Libraries)); !slices.Equal(a, b) {
			f.warn(fmt.Sprintf("%s has the functions %s and %s has %s; every primary needs the same (FUNCTION LOAD on each)",
				clean(first.Addr), orNothing(some(cleaned(a))), clean(s.Addr), orNothing(some(cleaned(b)))))
			return
		}
	}
}
