package cli

import (
	"os"

	"github.com/spf13/pflag"

	"slotdeck/cluster"
)

// zoneFlags are the operator's map of where nodes stand.
type zoneFlags struct {
	rules []string
	file  string
}

func (f *zoneFlags) register(flags *pflag.FlagSet) {
	flags.StringArrayVar(&f.rules, "zone", nil, "where a node stands, as `NODE=ZONE`: a host, HOST:PORT or an id, and a rack or zone; may be repeated")
	flags.StringVar(&f.file, "zones", "", "`file` with such a map, a line each: a node or host, and its zone")
}

// or is the map of the flags, or else that of a context.
func (f *zoneFlags) or(known map[string]string) (cluster.Zones, error) {
	if len(f.rules) > 0 || f.file != "" || len(known) == 0 {
		return f.read()
	}
	var rules []cluster.ZoneRule
	for of, zone := range known {
		r, err := cluster.ParseZoneRule(of + "=" + zone)
		if err != nil {
			return cluster.Zones{}, usage("the context's zones: %w", err)
		}
		rules = append(rules, r)
	}
	z, err := cluster.NewZones(rules)
	if err != nil {
		return z, usage("the context's zones contradict themselves: %w", err)
	}
	return z, nil
}

// read is the map; without one hosts are told apart.
func (f *zoneFlags) read() (cluster.Zones, error) {
	var rules []cluster.ZoneRule
	for _, text := range f.rules {
		r, err := cluster.ParseZoneRule(text)
		if err != nil {
			return cluster.Zones{}, usage("--zone: %w", err)
		}
		rules = append(rules, r)
	}
	if f.file != "" {
		text, err := os.ReadFile(f.file)
		if err != nil {
			return cluster.Zones{}, usage("--zones: %w", err)
		}
		more, err := cluster.ParseZoneRules(string(text))
		if err != nil {
			return cluster.Zones{}, usage("--zones %s: %w", f.file, err)
		}
		rules = append(rules, more...)
	}
	z, err := cluster.NewZones(rules)
	if err != nil {
		return z, usage("the map of zones contradicts itself: %w", err)
	}
	return z, nil
}
