package views

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"slotdeck/cluster"
	"slotdeck/ui"
)

// nodeColumn is one column of the node table: how it looks, what a cell says,
// and the number it is sorted by (largest first).
type nodeColumn struct {
	ui.Column
	cell func(nodeScene) ui.Cell
	by   func(nodeScene) float64
}

// nodeScene is one node with what its cells need.
type nodeScene struct {
	*Scene
	node *cluster.Node
	book addressBook
	st   state
	old  bool // its numbers are older than three ticks
}

// number is a cell from INFO: dim when it is old, a dash when it never came.
func (ns nodeScene) number(text string) ui.Cell {
	switch {
	case !ns.node.Info.Known():
		return ui.Cell{Text: ns.Theme.Glyph.None, Paint: ns.Theme.Dim}
	case ns.old:
		return ui.Cell{Text: text, Paint: ns.Theme.Dim}
	}
	return ui.Cell{Text: text}
}

// rate is a number that means nothing any more once it is old.
func (ns nodeScene) rate(text string) ui.Cell {
	if ns.old || !ns.node.Info.Known() {
		return ui.Cell{Text: ns.Theme.Glyph.None, Paint: ns.Theme.Dim}
	}
	return ui.Cell{Text: text}
}

func (ns nodeScene) count(v int64) ui.Cell { return ns.number(ns.Theme.Count(v)) }

// nodeColumns is the table, in the order in which it is shown and sorted. The
// first is the order of the snapshot: by shard, primary first.
var nodeColumns = [...]nodeColumn{
	{Column: ui.Column{Title: "shard", Width: 6}, cell: shardCell},
	{Column: ui.Column{Title: "address", Width: 15}, cell: func(ns nodeScene) ui.Cell { return ui.Cell{Text: ns.book.of(ns.node)} }},
	{Column: ui.Column{Title: "role", Width: 7}, cell: func(ns nodeScene) ui.Cell { return ui.Cell{Text: roleWord(ns.node), Paint: rolePaint(ns)} }},
	{Column: ui.Column{Title: "state", Width: 16}, cell: func(ns nodeScene) ui.Cell { return ui.Cell{Text: ns.st.text(), Paint: ns.st.paint(ns.Theme)} },
		by: func(ns nodeScene) float64 { return float64(ns.st.gravity) }},
	{Column: ui.Column{Title: "slots", Width: 6, Right: true, Drop: 1}, cell: slotsCell, by: func(ns nodeScene) float64 { return float64(slotCount(ns.node)) }},
	{Column: ui.Column{Title: "keys", Width: 6, Right: true, Drop: 2}, cell: func(ns nodeScene) ui.Cell { return ns.count(ns.node.Stats.Keys) },
		by: func(ns nodeScene) float64 { return float64(ns.node.Stats.Keys) }},
	{Column: ui.Column{Title: "memory", Width: 7, Right: true, Drop: 3}, cell: func(ns nodeScene) ui.Cell { return ns.number(ns.Theme.Bytes(ns.node.Stats.UsedMemory)) },
		by: func(ns nodeScene) float64 { return float64(ns.node.Stats.UsedMemory) }},
	{Column: ui.Column{Title: "of max", Width: 7, Right: true, Drop: 7}, cell: ofMaxCell, by: func(ns nodeScene) float64 { return memoryShare(ns.node) }},
	{Column: ui.Column{Title: "frag", Width: 5, Right: true, Drop: 10}, cell: fragCell, by: func(ns nodeScene) float64 { return ns.node.Stats.Fragmentation }},
	{Column: ui.Column{Title: "ops/s", Width: 6, Right: true, Drop: 4}, cell: func(ns nodeScene) ui.Cell { return ns.rate(ns.Theme.Count(ns.node.Stats.OpsPerSec)) },
		by: func(ns nodeScene) float64 { return float64(ns.node.Stats.OpsPerSec) }},
	{Column: ui.Column{Title: "clients", Width: 8, Right: true, Drop: 9}, cell: func(ns nodeScene) ui.Cell { return ns.count(ns.node.Stats.Clients) },
		by: func(ns nodeScene) float64 { return float64(ns.node.Stats.Clients) }},
	{Column: ui.Column{Title: "hits", Width: 5, Right: true, Drop: 11}, cell: hitsCell, by: func(ns nodeScene) float64 { return hitRate(ns.node) }},
	{Column: ui.Column{Title: "evicted", Width: 8, Right: true, Drop: 12}, cell: func(ns nodeScene) ui.Cell { return ns.count(ns.node.Stats.Evicted) },
		by: func(ns nodeScene) float64 { return float64(ns.node.Stats.Evicted) }},
	{Column: ui.Column{Title: "behind", Width: 7, Right: true, Drop: 5}, cell: behindCell, by: func(ns nodeScene) float64 { return float64(behind(ns.Snap, ns.node)) }},
	{Column: ui.Column{Title: "ping ms", Width: 7, Right: true, Drop: 6}, cell: pingCell, by: func(ns nodeScene) float64 { return float64(ns.node.Latency.Value) }},
	{Column: ui.Column{Title: "epoch", Width: 6, Right: true, Drop: 8}, cell: func(ns nodeScene) ui.Cell { return ui.Cell{Text: strconv.FormatUint(ns.node.Member.Epoch, 10)} },
		by: func(ns nodeScene) float64 { return float64(ns.node.Member.Epoch) }},
	{Column: ui.Column{Title: "version", Width: 13, Drop: 13}, cell: func(ns nodeScene) ui.Cell { return ns.number(versionOf(ns.node)) }},
	{Column: ui.Column{Title: "up", Width: 5, Right: true, Drop: 14}, cell: func(ns nodeScene) ui.Cell { return ns.number(ns.Theme.Span(ns.node.Stats.Uptime)) },
		by: func(ns nodeScene) float64 { return float64(ns.node.Stats.Uptime) }},
}

func nodeTable(sc *Scene, n *Nodes, w int) ui.Table {
	book := newAddressBook(sc.Snap, w < 100)
	tb := ui.Table{Sorted: n.sorted, Reverse: n.reverse}
	for i, c := range nodeColumns {
		col := c.Column
		if i == 1 {
			col.Width = book.width(8, 28)
			if zone := n.zoneWidth(sc); zone > 0 {
				col.Title, col.Width = sc.Theme.Left("zone", zone)+"  address", col.Width+zone+2
			}
		}
		tb.Columns = append(tb.Columns, col)
	}
	return tb
}

// nodeRows are the rows as sorted, grouped and filtered.
func nodeRows(sc *Scene, n *Nodes) ([]ui.Row, []cluster.NodeID) {
	book := newAddressBook(sc.Snap, n.tableWidth(sc) < 100)
	var list []nodeScene
	for i := range sc.Snap.Nodes {
		node := &sc.Snap.Nodes[i]
		ns := nodeScene{Scene: sc, node: node, book: book, st: nodeState(sc, node), old: sc.Stale(node.Info.At)}
		if sc.Issues && ns.st.gravity < worrying || !sc.Filter.Keeps(nodeText(ns)) {
			continue
		}
		list = append(list, ns)
	}
	n.order(list)
	zone := n.zoneWidth(sc)
	rows := make([]ui.Row, len(list))
	ids := make([]cluster.NodeID, len(list))
	for i, ns := range list {
		row := ui.Row{Key: string(ns.node.ID)}
		for i, c := range nodeColumns {
			cell := c.cell(ns)
			if i == 1 && zone > 0 {
				cell.Text = sc.Theme.Left(ui.Clean(sc.Zones.Of(ns.node)), zone) + "  " + cell.Text
			}
			row.Cells = append(row.Cells, cell)
		}
		rows[i], ids[i] = row, ns.node.ID
	}
	return rows, ids
}

func (n *Nodes) tableWidth(sc *Scene) int {
	if n.open && sc.W >= 120 {
		return paneLeft(sc.W)
	}
	return sc.W
}

// nodeText is what the filter looks at.
func nodeText(ns nodeScene) string {
	letter := ""
	if s := ns.node.Shard; s >= 0 && s < len(ns.Snap.Shards) {
		letter = ns.Snap.Shards[s].Letter
	}
	return strings.Join([]string{letter, addressOf(ns.node), roleWord(ns.node), ns.st.word, string(ns.node.ID),
		ns.node.Member.Endpoint.Hostname, versionOf(ns.node)}, " ")
}

func (n *Nodes) order(list []nodeScene) {
	col := nodeColumns[n.sorted]
	slices.SortStableFunc(list, func(a, b nodeScene) int {
		c := 0
		switch {
		case n.byHost && n.sorted == 0, n.sorted == 1:
			c = cmp.Or(a.byZone(b, n.sorted == 0), cmp.Compare(a.node.Member.Endpoint.IP, b.node.Member.Endpoint.IP),
				cmp.Compare(a.node.Member.Endpoint.Port, b.node.Member.Endpoint.Port))
		case col.by != nil:
			c = cmp.Compare(col.by(b), col.by(a))
		case n.sorted > 0:
			c = cmp.Compare(col.cell(a).Text, col.cell(b).Text)
		}
		if n.reverse {
			return -c
		}
		return c
	})
	if n.reverse && n.sorted == 0 && !n.byHost {
		slices.Reverse(list)
	}
}

// byZone compares the operator's zones, where there are any.
func (ns nodeScene) byZone(other nodeScene, grouped bool) int {
	if !grouped || !ns.Zones.Given() {
		return 0
	}
	return cmp.Compare(ns.Zones.Of(ns.node), ns.Zones.Of(other.node))
}

// zoneWidth is how many cells the zones take beside the addresses while nodes
// are grouped by them.
func (n *Nodes) zoneWidth(sc *Scene) int {
	w := 0
	if n.byHost && sc.Zones.Given() && sc.Snap != nil {
		for i := range sc.Snap.Nodes {
			w = max(w, min(12, ui.Width(ui.Clean(sc.Zones.Of(&sc.Snap.Nodes[i])))))
		}
	}
	return w
}

func shardCell(ns nodeScene) ui.Cell {
	t := ns.Theme
	if s := ns.node.Shard; s >= 0 && s < len(ns.Snap.Shards) {
		sh := ns.Snap.Shards[s]
		indent := ""
		if !ns.node.Member.Flags.Has(cluster.Primary) {
			indent = " "
		}
		return ui.Cell{Text: indent + sh.Letter, Paint: t.Shard(sh.Hue).Text}
	}
	return ui.Cell{Text: t.Glyph.None, Paint: t.Dim}
}

func roleWord(n *cluster.Node) string {
	switch {
	case n.Member.Flags.Has(cluster.Primary):
		return "primary"
	case n.Member.Flags.Has(cluster.Replica):
		return "replica"
	default:
		return "unknown"
	}
}

func rolePaint(ns nodeScene) ui.Paint {
	if ns.node.Member.Flags.Has(cluster.Primary) {
		return ui.Paint{}
	}
	return ns.Theme.Dim
}

func slotCount(n *cluster.Node) int {
	sum := 0
	for _, r := range n.Member.Slots {
		sum += r.Len()
	}
	return sum
}

func slotsCell(ns nodeScene) ui.Cell {
	if n := slotCount(ns.node); n > 0 || ns.node.Member.Flags.Has(cluster.Primary) {
		return ui.Cell{Text: strconv.Itoa(n)}
	}
	return ui.Cell{}
}

func ofMaxCell(ns nodeScene) ui.Cell {
	share := memoryShare(ns.node)
	c := ns.number(ns.Theme.Percent(share))
	if share >= 0.8 && !ns.old {
		c.Paint = memoryPaint(ns.Theme, share)
	}
	return c
}

func fragCell(ns nodeScene) ui.Cell {
	f := ns.node.Stats.Fragmentation
	if f < 0 {
		return ns.number(ns.Theme.Glyph.None)
	}
	return ns.number(strconv.FormatFloat(f, 'f', 1, 64))
}

func hitRate(n *cluster.Node) float64 {
	if sum := n.Stats.Hits + n.Stats.Misses; sum > 0 && n.Stats.Hits >= 0 {
		return float64(n.Stats.Hits) / float64(sum)
	}
	return -1
}

func hitsCell(ns nodeScene) ui.Cell { return ns.number(ns.Theme.Percent(hitRate(ns.node))) }

func behindCell(ns nodeScene) ui.Cell {
	if !ns.node.Member.Flags.Has(cluster.Replica) {
		return ui.Cell{}
	}
	return ns.number(ns.Theme.Bytes(behind(ns.Snap, ns.node)))
}

func pingCell(ns nodeScene) ui.Cell {
	t := ns.Theme
	l := ns.node.Latency
	if !l.Known() || ns.Stale(l.At) {
		return ui.Cell{Text: t.Glyph.None, Paint: t.Dim}
	}
	// Steps of a tenth of a millisecond: the noise below tells nothing and
	// would change on every tick.
	return ui.Cell{Text: strconv.FormatFloat(float64(l.Value.Round(100*time.Microsecond))/1e6, 'f', 1, 64)}
}

func versionOf(n *cluster.Node) string {
	return ui.Clean(strings.TrimSpace(n.Stats.Flavor + " " + n.Stats.Version))
}
