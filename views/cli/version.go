package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// build is what the program knows of its own making.
type build struct {
	Version  string `json:"version"`
	Commit   string `json:"commit,omitempty"`
	Time     string `json:"commit_time,omitempty"`
	Modified bool   `json:"modified"` // built from files that were not committed
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

// readBuild reads what the Go tool wrote into the program.
func readBuild() build {
	b := build{Version: "devel", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		b.Version = v
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.time":
			b.Time = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	return b
}

func newVersion(w *World) *cobra.Command {
	var out format
	cmd := &cobra.Command{
		Use:   "version",
		Short: "The version of this program",
		Args:  noWords,
		RunE: func(*cobra.Command, []string) error {
			b := readBuild()
			if out == asJSON {
				return writeJSON(w.Out, b)
			}
			_, err := fmt.Fprintf(w.Out, "slotdeck %s (%s, %s)\n", b.Version, b.Go, b.Platform)
			return err
		},
	}
	out.register(cmd.Flags())
	return cmd
}

func noWords(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usage("%q is one word too many", args[0])
	}
	return nil
}
