package cluster

import (
	"encoding/binary"
	"hash/maphash"

	"slotdeck/keyslot"
)

// seed keeps a server from making up two views with one digest.
var seed = maphash.MakeSeed()

// Topology is a digest of all that a view says which another node could say,
// too: everything but who was asked, open slots, link states and ping times. Views with
// the same digest draw the same picture. It means nothing outside this process.
func (v *View) Topology() uint64 {
	if v.topology == 0 {
		topology, _ := digests(v.Members) // made by hand, not by ParseNodes
		return topology
	}
	return v.topology
}

// Config is a digest of who owns which slots at which epoch: what nodes must
// agree on.
func (v *View) Config() uint64 {
	if v.topology == 0 {
		_, config := digests(v.Members)
		return config
	}
	return v.config
}

// digests of members in the order of their ids; never 0.
func digests(members []Member) (topology, config uint64) {
	var all, owners maphash.Hash
	all.SetSeed(seed)
	owners.SetSeed(seed)
	for i := range members {
		m := &members[i]
		writeText(&all, string(m.ID), m.Endpoint.IP, m.Endpoint.Hostname, m.Endpoint.Aux, string(m.Primary))
		writeNumbers(&all, uint64(m.Endpoint.Port)<<16|uint64(m.Endpoint.BusPort), uint64(m.Flags&^Myself), m.Epoch)
		writeText(&all, m.OtherFlags...)
		writeRanges(&all, m.Slots)
		if len(m.Slots) > 0 {
			writeText(&owners, string(m.ID))
			writeNumbers(&owners, m.Epoch)
			writeRanges(&owners, m.Slots)
		}
	}
	return max(1, all.Sum64()), max(1, owners.Sum64())
}

// writeText and the others write lengths, too: no two contents look alike.
func writeText(h *maphash.Hash, texts ...string) {
	for _, text := range texts {
		writeNumbers(h, uint64(len(text)))
		h.WriteString(text)
	}
}

func writeRanges(h *maphash.Hash, ranges []keyslot.Range) {
	writeNumbers(h, uint64(len(ranges)))
	for _, r := range ranges {
		var b [4]byte
		binary.LittleEndian.PutUint16(b[:2], uint16(r.First))
		binary.LittleEndian.PutUint16(b[2:], uint16(r.Last))
		h.Write(b[:])
	}
}

func writeNumbers(h *maphash.Hash, numbers ...uint64) {
	for _, n := range numbers {
		var b [8]byte
		binary.LittleEndian.PutUint64(b[:], n)
		h.Write(b[:])
	}
}
