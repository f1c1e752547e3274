//go:build !unix

package cli

import (
	"context"

	tea "charm.land/bubbletea/v2"
	"github.com/spf13/cobra"
)

// keeper does nothing where there are no such terminals.
type keeper struct{}

func keepTerminal(*World, ...string) *keeper { return nil }

func keepQuiet(*World, ...string) {}

func (*keeper) dismiss() {}

func (*keeper) tell(string) bool { return false }

func dropTyped(uintptr) {}

func newKeeper(*World) *cobra.Command { return &cobra.Command{Use: "keep-terminal", Hidden: true} }

func (*suspension) serve(context.Context, func(tea.Msg)) (end func()) { return func() {} }
