package doctor

import "strings"

// expected reports whether a setting is meant to differ between nodes: where a
// node listens and how it announces itself, its files, whom it follows, and on
// which processors it runs.
func expected(name string) bool {
	switch name {
	case "port", "tls-port", "bind", "bind-source-addr", "unixsocket", "cluster-port", "rdma-bind", "rdma-port",
		"dir", "pidfile", "logfile", "dbfilename", "appendfilename", "appenddirname", "aclfile", "cluster-config-file",
		"syslog-ident", "proc-title-template", "replicaof", "slaveof", "availability-zone", "hash-seed",
		"replica-announce-ip", "replica-announce-port", "slave-announce-ip", "slave-announce-port",
		"replica-priority", "slave-priority",
		"tls-cert-file", "tls-key-file", "tls-client-cert-file", "tls-client-key-file", "tls-key-file-pass", "tls-client-key-file-pass":
		return true
	}
	return strings.HasPrefix(name, "cluster-announce-") || strings.HasSuffix(name, "cpulist")
}

// alias reports whether a setting is the old name of another that is told, too.
func alias(name string, told map[string]bool) bool {
	other := strings.NewReplacer("slave", "replica", "ziplist", "listpack").Replace(name)
	switch name {
	case "lua-time-limit":
		other = "busy-reply-threshold"
	case "primaryauth":
		other = "masterauth"
	case "primaryuser":
		other = "masteruser"
	case "slowlog-log-slower-than":
		other = "commandlog-execution-slower-than"
	case "slowlog-max-len":
		other = "commandlog-slow-execution-max-len"
	}
	if strings.Contains(name, "_cpulist") {
		return true
	}
	return other != name && told[other]
}

// grave reports whether a setting decides over data, memory or failovers.
func grave(name string) bool {
	switch name {
	case "maxmemory", "maxmemory-policy", "appendonly", "appendfsync", "save", "stop-writes-on-bgsave-error",
		"client-output-buffer-limit", "maxclients", "requirepass", "masterauth", "masteruser", "protected-mode",
		"min-replicas-to-write", "min-replicas-max-lag", "databases", "timeout", "notify-keyspace-events":
		return true
	}
	return strings.HasPrefix(name, "cluster-") || strings.HasPrefix(name, "repl-")
}
