package cli

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"slotdeck/cluster"
	"slotdeck/cluster/doctor"
	"slotdeck/ui"
)

func newDrift(w *World) *cobra.Command {
	var conn connection
	var out format
	cmd := &cobra.Command{
		Use:     "drift [HOST:PORT …]",
		GroupID: "cluster",
		Short:   "Which settings differ between the nodes?",
		Long: `Reads every setting of every node and lists those that are not the same on all.
What is meant to differ is left out: addresses, ports, files, whom a replica
follows. A setting that only some versions know is compared among those nodes.
Secrets are never shown, only whether they differ.

The exit code is 0 when nothing differs and 1 when something does.`,
		Example: `  slotdeck drift 10.0.0.11:7001
  slotdeck drift 10.0.0.11:7001 -o json`,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			t, err := conn.resolve(cmd.Context(), w, args)
			if err != nil {
				return err
			}
			return tellDrift(cmd.Context(), w, t, out)
		},
	}
	out.register(cmd.Flags())
	conn.register(cmd.Flags())
	return cmd
}

// driftAnswer is what differs as programs get it.
type driftAnswer struct {
	Compared    []string           `json:"compared"` // addresses of the nodes
	Missing     []string           `json:"missing"`  // those that told no settings
	Differences []differenceAnswer `json:"differences"`
}

type differenceAnswer struct {
	Setting string        `json:"setting"`
	Grave   bool          `json:"grave"` // it decides over data, memory or failovers
	Values  []valueAnswer `json:"values"`
}

type valueAnswer struct {
	Value *string  `json:"value"` // null: no such setting
	Nodes []string `json:"nodes"`
}

func tellDrift(ctx context.Context, w *World, t target, out format) error {
	watching := watchWell(ctx, t, false)
	s, err := pictureWith(ctx, watching, func(s *cluster.Snapshot) bool {
		for i := range s.Nodes {
			if n := &s.Nodes[i]; n.Health == cluster.Answering && n.Checkup.Tried.IsZero() {
				return false
			}
		}
		return true
	})
	watching.stop()
	if err != nil {
		return err
	}
	a := answerDrift(s)
	if len(a.Compared) == 0 {
		return failure(Denied, "no node told its settings to this user: CONFIG GET is refused, or is not there")
	}
	if out == asJSON {
		err = writeJSON(w.Out, a)
	} else {
		err = printDrift(w, a)
	}
	if err == nil && len(a.Differences) > 0 {
		return &Failure{No, errTold}
	}
	return err
}

func answerDrift(s *cluster.Snapshot) driftAnswer {
	a := driftAnswer{Compared: []string{}, Missing: []string{}, Differences: []differenceAnswer{}}
	for i := range s.Nodes {
		n := &s.Nodes[i]
		if c := n.Checkup.Value; n.Health == cluster.Answering && c != nil && c.Settings != nil {
			a.Compared = append(a.Compared, addressOf(n))
		} else {
			a.Missing = append(a.Missing, addressOf(n))
		}
	}
	for _, d := range doctor.Drift(s) {
		out := differenceAnswer{Setting: ui.Clean(d.Setting), Grave: d.Grave}
		for _, v := range d.Values {
			value := valueAnswer{Nodes: addressesOf(s, v.Nodes)}
			if !v.None {
				text := ui.Clean(v.Value)
				value.Value = &text
			}
			out.Values = append(out.Values, value)
		}
		a.Differences = append(a.Differences, out)
	}
	return a
}

func printDrift(w *World, a driftAnswer) error {
	var b strings.Builder
	if len(a.Differences) > 0 {
		tab := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
		fmt.Fprintln(tab, "setting\tvalue\tnodes")
		for _, d := range a.Differences {
			name := d.Setting
			for _, v := range d.Values {
				value := "(no such setting)"
				if v.Value != nil {
					if value = *v.Value; value == "" {
						value = `""`
					}
				}
				fmt.Fprintf(tab, "%s\t%s\t%s\n", name, value, strings.Join(v.Nodes, " "))
				name = ""
			}
		}
		if err := tab.Flush(); err != nil {
			return err
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "%d nodes compared, %d settings differ\n", len(a.Compared), len(a.Differences))
	for _, addr := range a.Missing {
		fmt.Fprintf(&b, "not compared: %s told no settings\n", addr)
	}
	_, err := fmt.Fprint(w.Out, clean(b.String()))
	return err
}
