package cli

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

func newMan(w *World) *cobra.Command {
	return &cobra.Command{
		Use:   "man [DIR]",
		Short: "Manual pages: all of them into a folder, or the first to standard output",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage("one folder is enough")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			root.Long += "\n\n# EXIT STATUS\n\n```\n" + exitTable() + "```\n"
			b := readBuild()
			header := &doc.GenManHeader{Title: "SLOTDECK", Section: "1", Source: "slotdeck " + b.Version, Manual: "slotdeck"}
			// The same program always writes the same pages.
			if at, err := time.Parse(time.RFC3339, b.Time); err == nil {
				header.Date = &at
			}
			if len(args) == 0 {
				return doc.GenMan(root, header, w.Out)
			}
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return fmt.Errorf("the folder for the manual pages cannot be made: %w", err)
			}
			if err := doc.GenManTree(root, header, args[0]); err != nil {
				return fmt.Errorf("the manual pages cannot be written: %w", err)
			}
			return nil
		},
	}
}
