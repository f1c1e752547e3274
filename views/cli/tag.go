package cli

import (
	"bufio"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"slotdeck/keyslot"
)

// maxTags bounds how many tags are searched at once.
const maxTags = 100_000

// tagAnswer is one tag as programs get it.
type tagAnswer struct {
	Slot keyslot.Slot `json:"slot"`
	Tag  string       `json:"tag"`
}

func newTag(w *World) *cobra.Command {
	var out format
	var search keyslot.TagSearch
	cmd := &cobra.Command{
		Use:     "tag SLOT|RANGE…",
		GroupID: "keys",
		Short:   "Hash tags that land in the slots you want",
		Long: `Finds short hash tags for slots or ranges of slots, such as 5474 or 0-5460,7000:
a key with {TAG} in its name lives there.`,
		Example: `  slotdeck tag 5474
  slotdeck tag 0-5460 --count 5 --prefix user:`,
		Args:              atLeastOne("a slot or a range of slots"),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(_ *cobra.Command, args []string) error {
			if search.Count < 1 || search.Count > maxTags {
				return usage("--count %d is not 1 to %d", search.Count, maxTags)
			}
			want, err := keyslot.ParseSet(strings.Join(args, " "))
			if err == nil && want.Empty() {
				err = errors.New("no slot was named")
			}
			var tags []string
			if err == nil {
				tags, err = keyslot.FindTag(want, search)
			}
			if err != nil {
				return usage("%w", err)
			}
			return printTags(w, out, tags)
		},
	}
	out.register(cmd.Flags())
	cmd.Flags().IntVar(&search.Count, "count", 1, "how many tags")
	cmd.Flags().StringVar(&search.Prefix, "prefix", "", "`text` that every tag begins with")
	return cmd
}

func printTags(w *World, out format, tags []string) error {
	if out == asJSON {
		answers := make([]tagAnswer, len(tags))
		for i, tag := range tags {
			answers[i] = tagAnswer{keyslot.Of(tag), tag}
		}
		return writeJSON(w.Out, answers)
	}
	buffered := bufio.NewWriter(w.Out)
	for _, tag := range tags {
		fmt.Fprintf(buffered, "%5d  {%s}\n", keyslot.Of(tag), clean(tag))
	}
	return buffered.Flush()
}
