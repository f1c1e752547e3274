package cluster

import (
	"math"
	"strconv"
)

const clusterInfoReply = "CLUSTER INFO"

// ParseClusterInfo reads an answer to CLUSTER INFO. A number that the server
// did not send is 0. An error is a *MalformedError.
func ParseClusterInfo(text string) (ClusterInfo, error) {
	var info ClusterInfo
	err := eachInfoLine(clusterInfoReply, text, func(string) {}, func(f InfoField) {
		info.Fields = append(info.Fields, f)
	})
	if err != nil {
		return ClusterInfo{}, err
	}
	state, ok := fieldOf(info.Fields, "cluster_state")
	if !ok {
		return ClusterInfo{}, malformed(clusterInfoReply, "", "it does not tell cluster_state")
	}
	info.State = state
	n := numbers{fields: info.Fields}
	info.SlotsAssigned = n.small("cluster_slots_assigned")
	info.SlotsOK = n.small("cluster_slots_ok")
	info.SlotsPFail = n.small("cluster_slots_pfail")
	info.SlotsFail = n.small("cluster_slots_fail")
	info.KnownNodes = n.small("cluster_known_nodes")
	info.Size = n.small("cluster_size")
	info.CurrentEpoch = n.read("cluster_current_epoch")
	info.MyEpoch = n.read("cluster_my_epoch")
	if n.err != nil {
		return ClusterInfo{}, n.err
	}
	return info, nil
}

// numbers reads fields and remembers the first that is wrong.
type numbers struct {
	fields []InfoField
	err    error
}

func (n *numbers) read(name string) uint64 {
	text, ok := fieldOf(n.fields, name)
	if !ok {
		return 0
	}
	value, err := strconv.ParseUint(text, 10, 64)
	if err != nil && n.err == nil {
		n.err = malformed(clusterInfoReply, "field "+name, "%s is not a number", quote(text))
	}
	return value
}

func (n *numbers) small(name string) int {
	return int(min(n.read(name), math.MaxInt32))
}
