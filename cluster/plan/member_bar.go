package plan

import (
	"fmt"
	"strconv"
	"time"
)

// usualBar is for how many seconds servers bar a node that they were told to
// forget; Valkey has a setting for it.
const usualBar = 60

// bar is for how many seconds nodes bar one that they are told to forget, by the
// one that does so longest.
func (p *picture) bar(nodes []MemberNode) (seconds int) {
	for _, n := range nodes {
		told, err := strconv.Atoi(p.nodes[n.ID].Config.Value["cluster-blacklist-ttl"])
		if err != nil {
			told = usualBar
		}
		seconds = max(seconds, told)
	}
	return seconds
}

// mayBeBarred tells of a server that was in a cluster before. No node tells whom
// it bars, and those that do let the server in and drop it again: so it has to
// stay, for as long as it takes until each node has heard of every other.
func (a *addition) mayBeBarred() {
	if a.New.Epoch == 0 {
		return
	}
	timeout, err := strconv.Atoi(a.New.NodeTimeout)
	if err != nil {
		timeout = 15000
	}
	a.hold = min(time.Duration(timeout)*time.Millisecond/2+500*time.Millisecond, 10*time.Second)
	if len(a.New.acquaintances()) == 0 {
		a.warn(fmt.Sprintf("it has been in a cluster before: were it this one, and it left less than %d s ago, the nodes would bar it for the rest of that time; another id, which nobody bars, it takes by: slotdeck reset --hard %s",
			a.p.bar(a.among), a.node.Addr))
	}
}
