package jump

import (
	"net"
	"os"
	"path/filepath"
	"testing"
)

func FuzzHops(f *testing.F) {
	f.Add("ann@bastion:2222,inner", "Host bastion\n  HostName 10.0.0.1\n  ProxyJump first,[::1]:22\n  IdentityFile ~/%h.Key\n")
	f.Add("ssh://[fe80::1%25eth0]:22", "Host *\n ProxyJump a\nMatch all\n")
	f.Add("-oProxyCommand=x", "Host a\n\tInclude x\n")
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, chain, config string) {
		if len(config) > 4096 || len(chain) > 256 {
			return
		}
		path := filepath.Join(dir, "config")
		if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
		hops, err := Resolve(chain, Home{Dir: dir, User: "ann", Config: path})
		if err != nil {
			return
		}
		for _, h := range hops {
			if host, _, err := net.SplitHostPort(h.Addr); err != nil || host == "" {
				t.Errorf("%q is dialled at %q", chain, h.Addr)
			}
		}
	})
}
