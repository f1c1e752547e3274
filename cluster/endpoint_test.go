package cluster

import "testing"

func TestAddrIsWhatADiallerTakes(t *testing.T) {
	for want, e := range map[string]Endpoint{
		"10.0.0.1:7001":  {IP: "10.0.0.1", Port: 7001, Hostname: "a.example"},
		"[::1]:7001":     {IP: "::1", Port: 7001},
		"a.example:7001": {Port: 7001, Hostname: "a.example"},
		"":               {IP: "10.0.0.1"},
	} {
		if got := e.Addr(); got != want {
			t.Errorf("%+v: %q, want %q", e, got, want)
		}
	}
	if got := (Endpoint{Port: 7001}).Addr(); got != "" {
		t.Errorf("an address without a host: %q", got)
	}
}

func TestParseAddrReadsWhatPeopleWrite(t *testing.T) {
	for text, want := range map[string]string{
		"10.0.0.1:7001":            "10.0.0.1:7001",
		"[2001:db8::1]:7001":       "[2001:db8::1]:7001",
		"2001:db8::1:7001":         "[2001:db8::1]:7001",
		"10.0.0.1:7001@17001,host": "10.0.0.1:7001",
		"redis.example:1":          "redis.example:1",
	} {
		host, port, err := ParseAddr(text)
		if got := JoinAddr(host, port); err != nil || got != want {
			t.Errorf("%q: %s, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "host", "host:", ":7001", "host:0", "host:65536", "host:x", "[]:1", "a b:1", "redis://h:1", "[::1:1", "h:-1"} {
		if host, port, err := ParseAddr(text); err == nil {
			t.Errorf("%q is taken for %q, %d", text, host, port)
		} else {
			fitToPrint(t, err)
		}
	}
}

func TestFlagsReadBackWhatTheyWrite(t *testing.T) {
	for f := range Flags(1 << 8) {
		back, other := parseFlags(f.String())
		if back != f || other != nil {
			t.Errorf("%q reads back as %q, %q", f, back, other)
		}
	}
	if got := (Myself | Primary | PFail).String(); got != "myself,master,fail?" {
		t.Error(got)
	}
}

// FuzzParseAddr writes what it read and reads it again.
func FuzzParseAddr(f *testing.F) {
	for _, text := range []string{"10.0.0.1:6379", "[::1]:6379", "::1:6379", "h:1@2,name", ":1", "[]:1", "a:0", "[a:1", "fe80::1%eth0:7"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		host, port, err := ParseAddr(text)
		if err != nil {
			return
		}
		if host == "" || port < 1 || port > 65535 {
			t.Fatalf("%q: host %q, port %d", text, host, port)
		}
		again, samePort, err := ParseAddr(JoinAddr(host, port))
		if err != nil || again != host || samePort != port {
			t.Fatalf("%q: %q %d, and again %q %d, %v", text, host, port, again, samePort, err)
		}
	})
}
