package keyspace

import (
	"strconv"
	"strings"
)

// KeysOf finds the keys among a command's words, by what the servers document
// of their own commands: for when a server cannot be asked (COMMAND GETKEYS).
// Known is false for a command that is not in the table here; then its first
// word behind the name is taken for a key, as it is with most.
func KeysOf(words []string) (keys []string, known bool) {
	if len(words) < 2 {
		return nil, true
	}
	name := strings.ToUpper(words[0])
	args := words[1:]
	switch {
	case in(noKeys, name):
		return nil, true
	case in(allKeys, name):
		return args, true
	case in(pairKeys, name):
		return every(args, 2), true
	case in(twoKeys, name):
		return args[:min(2, len(args))], true
	case in(lastAside, name):
		return args[:len(args)-1], true
	case in(countedFirst, name):
		return counted(args, 0), true
	case in(countedSecond, name): // a script or timeout first, then how many keys
		return counted(args, 1), true
	case in(targetAndCounted, name):
		return append(args[:1:1], counted(args, 1)...), true
	case in(behindSubcommand, name):
		return args[min(1, len(args)):min(2, len(args))], true
	}
	switch name {
	case "XREAD", "XREADGROUP":
		return streams(args), true
	case "BITOP":
		return args[min(1, len(args)):], true
	case "SORT", "GEORADIUS", "GEORADIUSBYMEMBER":
		return withStore(args), true
	case "MIGRATE":
		return migrated(args), true
	case "MEMORY":
		if strings.EqualFold(args[0], "USAGE") {
			return args[min(1, len(args)):min(2, len(args))], true
		}
		return nil, true
	}
	return args[:1], in(firstKey, name)
}

// The commands by where their keys stand.
const (
	noKeys = ` PING ECHO AUTH HELLO SELECT QUIT RESET MULTI EXEC DISCARD UNWATCH ASKING READONLY READWRITE INFO CLUSTER
CONFIG CLIENT COMMAND ACL DBSIZE FLUSHALL FLUSHDB KEYS SCAN RANDOMKEY TIME LASTSAVE SAVE BGSAVE BGREWRITEAOF SHUTDOWN
SCRIPT FUNCTION MODULE LATENCY SLOWLOG COMMANDLOG DEBUG WAIT WAITAOF ROLE REPLICAOF SLAVEOF SWAPDB MONITOR PUBLISH
SUBSCRIBE PSUBSCRIBE UNSUBSCRIBE PUNSUBSCRIBE PUBSUB FAILOVER LOLWUT SYNC PSYNC HOTKEYS CLUSTERSCAN `
	allKeys          = ` DEL UNLINK EXISTS TOUCH MGET WATCH SINTER SUNION SDIFF SINTERSTORE SUNIONSTORE SDIFFSTORE PFCOUNT PFMERGE SSUBSCRIBE SUNSUBSCRIBE `
	pairKeys         = ` MSET MSETNX `
	twoKeys          = ` RENAME RENAMENX COPY SMOVE RPOPLPUSH LMOVE LCS GEOSEARCHSTORE ZRANGESTORE `
	lastAside        = ` BLPOP BRPOP BZPOPMIN BZPOPMAX `
	countedFirst     = ` ZUNION ZINTER ZDIFF ZINTERCARD SINTERCARD LMPOP ZMPOP MSETEX `
	countedSecond    = ` EVAL EVALSHA EVAL_RO EVALSHA_RO FCALL FCALL_RO BLMPOP BZMPOP `
	targetAndCounted = ` ZUNIONSTORE ZINTERSTORE ZDIFFSTORE `
	behindSubcommand = ` OBJECT XINFO XGROUP `
	firstKey         = ` GET SET SETEX PSETEX SETNX GETSET GETDEL GETEX APPEND STRLEN INCR DECR INCRBY DECRBY INCRBYFLOAT GETRANGE
SETRANGE SUBSTR GETBIT SETBIT BITCOUNT BITPOS BITFIELD BITFIELD_RO EXPIRE PEXPIRE EXPIREAT PEXPIREAT EXPIRETIME PEXPIRETIME
TTL PTTL PERSIST TYPE DUMP RESTORE MOVE HGET HSET HSETNX HMSET HMGET HGETALL HDEL HEXISTS HKEYS HVALS HLEN HSTRLEN HINCRBY
HINCRBYFLOAT HSCAN HRANDFIELD HEXPIRE HPEXPIRE HEXPIREAT HPEXPIREAT HTTL HPTTL HEXPIRETIME HPEXPIRETIME HPERSIST HGETDEL
HGETEX HSETEX LPUSH RPUSH LPUSHX RPUSHX LPOP RPOP LLEN LRANGE LINDEX LSET LINSERT LREM LTRIM LPOS SADD SREM SPOP SCARD
SMEMBERS SISMEMBER SMISMEMBER SRANDMEMBER SSCAN ZADD ZREM ZCARD ZCOUNT ZLEXCOUNT ZSCORE ZMSCORE ZRANK ZREVRANK ZINCRBY
ZRANGE ZREVRANGE ZRANGEBYSCORE ZREVRANGEBYSCORE ZRANGEBYLEX ZREVRANGEBYLEX ZREMRANGEBYRANK ZREMRANGEBYSCORE ZREMRANGEBYLEX
ZPOPMIN ZPOPMAX ZRANDMEMBER ZSCAN GEOADD GEOPOS GEODIST GEOHASH GEOSEARCH GEORADIUS_RO GEORADIUSBYMEMBER_RO PFADD XADD XLEN
XRANGE XREVRANGE XDEL XTRIM XACK XPENDING XCLAIM XAUTOCLAIM XSETID SORT_RO SPUBLISH `
)

func in(list, name string) bool {
	return strings.Contains(strings.ReplaceAll(list, "\n", " "), " "+name+" ")
}

func every(words []string, step int) []string {
	var out []string
	for i := 0; i < len(words); i += step {
		out = append(out, words[i])
	}
	return out
}

// counted are the keys behind their number, which stands at the place.
func counted(args []string, place int) []string {
	if place >= len(args) {
		return nil
	}
	n, err := strconv.Atoi(args[place])
	if err != nil || n <= 0 {
		return nil
	}
	return args[place+1 : min(len(args), place+1+n)]
}

// streams are the keys of XREAD: the first half of what follows STREAMS.
func streams(args []string) []string {
	for i, word := range args {
		if strings.EqualFold(word, "STREAMS") {
			rest := args[i+1:]
			return rest[:len(rest)/2]
		}
	}
	return nil
}

// withStore is the first word, and what follows STORE or STOREDIST.
func withStore(args []string) []string {
	out := args[:1:1]
	for i := 1; i+1 < len(args); i++ {
		if strings.EqualFold(args[i], "STORE") || strings.EqualFold(args[i], "STOREDIST") {
			out = append(out, args[i+1])
		}
	}
	return out
}

func migrated(args []string) []string {
	for i := 3; i < len(args); i++ {
		if strings.EqualFold(args[i], "KEYS") {
			return args[i+1:]
		}
	}
	if len(args) > 2 && args[2] != "" {
		return args[2:3]
	}
	return nil
}
