package cli

import (
	"bufio"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"slotdeck/cluster/keys"
	"slotdeck/cluster/keyspace"
	"slotdeck/cluster/spawn"
	"slotdeck/keyslot"
)

// scanFlags are those of "slotdeck scan".
type scanFlags struct {
	walkFlags
	match, slots, kinds string
	limit               int
	count, text         bool
	withTTL, withBytes  bool
	withSize            bool
	withEncoding        bool
	keep                keyspace.Keep
}

func newScan(w *World) *cobra.Command {
	var f scanFlags
	cmd := walkCommand(&cobra.Command{
		Use:   "scan HOST:PORT [--match PATTERN] [--type T] [--slots RANGES] [--limit N] [--count]",
		Short: "Keys by pattern, slot, type, time to live or size, over all primaries",
		Long: `Goes over the keys of all primaries at once with SCAN (never KEYS) and prints one
JSON object a line, as they are found, in no order. Keys are exact: one that is no
text has key_base64, too. --ttl, --memory, --elements and --encoding ask for more;
filters ask what they need. A key that comes or goes, or a slot that moves,
meanwhile may be missed or told twice, as with SCAN itself.`,
		Example: `  slotdeck scan 10.0.0.11:7001 --match 'session:*' --forever --limit 20
  slotdeck scan 10.0.0.11:7001 --match 'cart:*' --count
  slotdeck scan 10.0.0.11:7001 --slots 866 --memory --elements`,
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd.Context(), w, args) },
	}, &f.walkFlags)
	flags := cmd.Flags()
	flags.StringVar(&f.match, "match", "", "`pattern` with * ? [a-z] and \\")
	flags.StringVar(&f.kinds, "type", "", "only keys of these `types`: string,hash,list,set,zset,stream or a module's")
	flags.StringVar(&f.slots, "slots", "", slotsHelp)
	flags.IntVar(&f.limit, "limit", 0, "stop after that many `keys`")
	flags.BoolVar(&f.count, "count", false, "print only how many there are")
	flags.BoolVar(&f.text, "text", false, "print keys alone, escaped as redis-cli does")
	flags.BoolVar(&f.withTTL, "ttl", false, "tell the time to live")
	flags.BoolVar(&f.withBytes, "memory", false, "tell the memory (MEMORY USAGE)")
	flags.BoolVar(&f.withSize, "elements", false, "tell how many elements, or bytes of a string")
	flags.BoolVar(&f.withEncoding, "encoding", false, "tell the encoding")
	flags.DurationVar(&f.keep.MinTTL, "min-ttl", 0, "only keys that live that `long` at least")
	flags.DurationVar(&f.keep.MaxTTL, "max-ttl", 0, "only keys that live that `long` at most")
	flags.BoolVar(&f.keep.Forever, "forever", false, "only keys without a time to live")
	flags.BoolVar(&f.keep.WithTTL, "expiring", false, "only keys with a time to live")
	flags.Int64Var(&f.keep.MinBytes, "min-memory", 0, "only keys of that many `bytes` at least (MEMORY USAGE)")
	flags.Int64Var(&f.keep.MinElements, "min-elements", 0, "only keys with that many `elements` at least")
	return cmd
}

// walk makes the walk that the flags ask for.
func (f *scanFlags) walk() (keys.Walk, error) {
	w := f.pace()
	w.Match, w.Keep = f.match, f.keep
	switch {
	case f.limit < 0:
		return w, usage("--limit %d is less than nothing", f.limit)
	case f.keep.Forever && (f.keep.WithTTL || f.keep.MaxTTL > 0):
		return w, usage("--forever excludes --expiring and --max-ttl")
	case f.count && f.text:
		return w, usage("--count and --text exclude each other")
	}
	if f.kinds != "" {
		w.Keep.Types = strings.Split(f.kinds, ",")
		if len(w.Keep.Types) == 1 {
			w.Type, w.Keep.Types = f.kinds, nil // the server filters
		}
	}
	var err error
	if w.Only, err = readSlots(f.slots); err != nil {
		return w, err
	}
	if !f.count && !f.text {
		w.Ask = keyspace.OfType
		for aspect, on := range map[keyspace.Aspects]bool{keyspace.OfTTL: f.withTTL, keyspace.OfBytes: f.withBytes, keyspace.OfElements: f.withSize, keyspace.OfEncoding: f.withEncoding} {
			if on {
				w.Ask |= aspect
			}
		}
	}
	return w, nil
}

func (f *scanFlags) run(ctx context.Context, w *World, args []string) error {
	walk, err := f.walk()
	if err != nil {
		return err
	}
	c, err := f.open(ctx, w, args)
	if err != nil {
		return err
	}
	defer c.doors.Close()
	c.warn(w)
	c.narrow(walk.Only)
	walk.Turns = keys.NewTurns(c.nodes)
	out := &scanOutput{flags: f, out: bufio.NewWriterSize(w.Out, 64<<10)}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var all spawn.Group
	errs := make([]error, len(c.nodes))
	for i, n := range c.nodes {
		all.Go(func() {
			errs[i] = walk.Run(ctx, n, func(b keys.Batch) bool {
				more := out.take(b.Entries)
				if !more {
					cancel()
				}
				return more
			})
		})
	}
	all.Wait()
	return errors.Join(out.end(ctx, errs), c.whole())
}

// scanOutput prints what the walks over all nodes find.
type scanOutput struct {
	flags *scanFlags
	out   *bufio.Writer

	mu    sync.Mutex
	found int
	full  bool
	err   error
}

// take prints entries, and reports whether more are wanted.
func (o *scanOutput) take(list []keyspace.Entry) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := range list {
		if o.full || o.err != nil {
			return false
		}
		if list[i].Gone {
			continue
		}
		o.found++
		o.err = o.print(&list[i])
		o.full = o.flags.limit > 0 && o.found >= o.flags.limit
	}
	if o.err == nil {
		o.err = o.out.Flush()
	}
	return !o.full && o.err == nil
}

func (o *scanOutput) print(e *keyspace.Entry) error {
	var line []byte
	var err error
	switch {
	case o.flags.count:
		return nil
	case o.flags.text:
		line = []byte(keyspace.Escaped(e.Key))
	default:
		if e.Type == "" {
			e.Type = o.flags.kinds
		}
		line, err = compactJSON(entryOf(e))
	}
	if err == nil {
		_, err = o.out.Write(append(line, '\n'))
	}
	return err
}

func (o *scanOutput) end(ctx context.Context, errs []error) error {
	if o.flags.count && o.err == nil {
		fmt.Fprintln(o.out, o.found)
	}
	if err := errors.Join(o.err, o.out.Flush()); err != nil {
		return err
	}
	if o.full {
		return nil
	}
	for _, err := range errs {
		if err != nil {
			if ctx.Err() != nil {
				return failure(Interrupted, "interrupted: this is not the whole")
			}
			return fmt.Errorf("this is not the whole: %w", err)
		}
	}
	return nil
}

// scanEntry is a key as programs get it.
type scanEntry struct {
	Key       string       `json:"key"`
	KeyBase64 string       `json:"key_base64,omitempty"` // when the key is no UTF-8 text
	Slot      keyslot.Slot `json:"slot"`
	Type      string       `json:"type,omitempty"`
	TTLMS     *int64       `json:"ttl_ms,omitempty"` // -1: for ever
	Memory    *int64       `json:"memory_bytes,omitempty"`
	Elements  *int64       `json:"elements,omitempty"`
	Encoding  string       `json:"encoding,omitempty"`
}

func entryOf(e *keyspace.Entry) scanEntry {
	out := scanEntry{Key: textual(e.Key).(string), Slot: e.Slot, Type: e.Type, Encoding: e.Encoding}
	if !utf8.ValidString(e.Key) {
		out.KeyBase64 = base64.StdEncoding.EncodeToString([]byte(e.Key))
	}
	if e.TTL != keyspace.NotTold {
		ms := int64(-1)
		if e.TTL >= 0 {
			ms = int64(e.TTL / time.Millisecond)
		}
		out.TTLMS = &ms
	}
	if e.Bytes >= 0 {
		out.Memory = &e.Bytes
	}
	if e.Elements >= 0 {
		out.Elements = &e.Elements
	}
	return out
}
