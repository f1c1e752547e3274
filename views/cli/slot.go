package cli

import (
	"bufio"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"slotdeck/keyslot"
	"slotdeck/ui"
)

func newSlot(w *World) *cobra.Command {
	var out format
	cmd := &cobra.Command{
		Use:     "slot KEY…",
		GroupID: "keys",
		Short:   "The slots that keys live in, and what in the key decides",
		Long: `Computes the hash slot of every key, without asking any server, and tells
whether all of them share one, so that a single command could use them together.
A key "-" stands for the keys on standard input, one a line.`,
		Example: `  slotdeck slot user:7
  slotdeck slot cart:{user:7} log:{user:7}
  redis-cli --scan | slotdeck slot -o json -`,
		Args:              atLeastOne("a key"),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			keys := &keySource{words: args, literal: cmd.ArgsLenAtDash(), in: w.In}
			print := printSlotsAsText
			if out == asJSON {
				print = printSlotsAsJSON
			}
			buffered := bufio.NewWriterSize(w.Out, 64<<10)
			if err := errors.Join(print(buffered, keys, w.theme()), keys.err, buffered.Flush()); err != nil {
				return fmt.Errorf("the answer could not be given in full: %w", err)
			}
			return nil
		},
	}
	out.register(cmd.Flags())
	return cmd
}

// atLeastOne refuses a command line without words.
func atLeastOne(what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) == 0 {
			return usage("%s is missing", what)
		}
		return nil
	}
}

// keySource yields the keys of the command line; "-" stands for those of the
// input, unless it follows "--".
type keySource struct {
	words   []string
	literal int // from this word on nothing has a meaning of its own; -1: none
	in      io.Reader
	err     error // of the input, once all was yielded
}

func (s *keySource) all() iter.Seq[string] {
	return func(yield func(string) bool) {
		for i, word := range s.words {
			if word == "-" && (s.literal < 0 || i < s.literal) {
				if !s.lines(yield) {
					return
				}
			} else if !yield(word) {
				return
			}
		}
	}
}

// lines yields the input's lines, of any length and of any bytes but the
// newline.
func (s *keySource) lines(yield func(string) bool) bool {
	r := bufio.NewReaderSize(s.in, 64<<10)
	for {
		line, err := r.ReadString('\n')
		if line != "" && !yield(strings.TrimSuffix(line, "\n")) {
			return false
		}
		if err == io.EOF {
			return true
		}
		if err != nil {
			s.err = err
			return false
		}
	}
}

// fewKeys is up to how many keys are remembered, to propose a tag for them.
const fewKeys = 100

func printSlotsAsText(out io.Writer, keys *keySource, t *ui.Theme) error {
	var first keyslot.Slot
	var few []string
	count, same := 0, true
	for key := range keys.all() {
		slot, tag := keyslot.Of(key), keyslot.TagOf(key)
		line := fmt.Sprintf("%5d  ", slot)
		if tag.Real {
			line += ui.Clean(key[:tag.Start]) + t.Mark.Text(ui.Clean(tag.In(key))) + ui.Clean(key[tag.End:]) +
				t.Dim.Text("  tag "+ui.Clean(tag.In(key)))
		} else if key == "" {
			line += t.Dim.Text("(the empty key)")
		} else {
			line += ui.Clean(key)
		}
		if _, err := fmt.Fprintln(out, line); err != nil {
			return err
		}
		if count == 0 {
			first = slot
		}
		same = same && slot == first
		if count++; count <= fewKeys {
			few = append(few, key)
		}
	}
	if count < 2 {
		return nil
	}
	if same {
		_, err := fmt.Fprintf(out, "same slot: one command can use all %d keys\n", count)
		return err
	}
	advice := ""
	if j, ok := keyslot.TagJoining(few...); ok && count <= fewKeys {
		advice = fmt.Sprintf("; with the tag {%s} they would share slot %d", ui.Clean(j.Tag), j.Slot)
	}
	_, err := fmt.Fprintf(out, "CROSSSLOT: no single command can use all %d keys%s\n", count, advice)
	return err
}

// keyAnswer is one key as programs get it. Keys are bytes and JSON is text: a
// key that is not UTF-8 comes as base64, too.
type keyAnswer struct {
	Key       string       `json:"key"`
	KeyBase64 string       `json:"key_base64,omitempty"` // only when key is not exact
	Slot      keyslot.Slot `json:"slot"`
	Tag       string       `json:"tag"` // empty: no tag, the whole key counts
	TagStart  int          `json:"tag_start"`
	TagEnd    int          `json:"tag_end"` // key[tag_start:tag_end], in bytes, is what counts
}

func answerKey(key string) keyAnswer {
	tag := keyslot.TagOf(key)
	a := keyAnswer{Key: key, Slot: keyslot.Of(key), TagStart: tag.Start, TagEnd: tag.End}
	if tag.Real {
		a.Tag = tag.In(key)
	}
	if !utf8.ValidString(key) {
		a.KeyBase64 = base64.StdEncoding.EncodeToString([]byte(key))
	}
	return a
}

// printSlotsAsJSON prints an array, one object a line, as the keys come.
func printSlotsAsJSON(out io.Writer, keys *keySource, _ *ui.Theme) error {
	before := "[\n  "
	for key := range keys.all() {
		line, err := compactJSON(answerKey(key))
		if err == nil {
			_, err = fmt.Fprintf(out, "%s%s", before, line)
		}
		if err != nil {
			return err
		}
		before = ",\n  "
	}
	if before[0] == '[' {
		_, err := fmt.Fprintln(out, "[]")
		return err
	}
	_, err := fmt.Fprintln(out, "\n]")
	return err
}
