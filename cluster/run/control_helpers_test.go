package run_test

import (
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/wire"
)

func secret(text string) wire.Secret { return wire.NewSecret(text) }

// clusterClient is a client as applications use it.
func (w *world) clusterClient() *redis.ClusterClient {
	var addrs []string
	for _, n := range w.Nodes() {
		if n.State() == lab.Running {
			addrs = append(addrs, n.Addr)
		}
	}
	return redis.NewClusterClient(&redis.ClusterOptions{
		Addrs: addrs, Password: w.Password(), Protocol: 2, MaxRedirects: 16, ContextTimeoutEnabled: true, DisableIdentity: true,
		DialTimeout: 500 * time.Millisecond, ReadTimeout: time.Second, WriteTimeout: time.Second,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
}
