// Command chaos answers one question: does slotdeck lose anything, whatever
// happens while it moves slots?
//
// Each round moves slots under a load that remembers every acknowledged write,
// breaks something at a random instant, lets slotdeck recover from nothing but
// what the cluster itself shows, and then looks up every write, every untouched
// key and what every node says. A failing round prints its seed and what it
// did; -seed with that number, -rounds 1 and -servers with its server begin
// with that round.
package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"strings"

	"github.com/redis/go-redis/v9"
)

// silent takes what the client library logs: every refused connection, and here
// they are refused on purpose.
type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

func main() {
	redis.SetLogger(silent{})
	if order, is := ordered(); is {
		os.Exit(obey(order))
	}
	var s settings
	servers := flag.String("servers", "", "versions, as \"make servers\" names them; empty: all that are found")
	only := flag.String("only", "", "names of troubles, separated by commas; empty: all")
	flag.IntVar(&s.rounds, "rounds", 200, "how many rounds")
	flag.Uint64Var(&s.seed, "seed", 0, "of the first round, the next ones count up from it; 0: any")
	flag.BoolVar(&s.still, "still", false, "move nothing: what is lost then is lost by the servers alone")
	flag.BoolVar(&s.verbose, "v", false, "tell what every round did, not only the failing ones")
	flag.Parse()
	if *servers != "" {
		s.servers = strings.Split(*servers, ",")
	}
	if *only != "" {
		s.only = strings.Split(*only, ",")
	}
	if s.seed == 0 {
		s.seed = rand.Uint64N(1_000_000_000)
	}
	s.say = func(format string, args ...any) { fmt.Printf(format+"\n", args...) }
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	sum, err := s.play(ctx)
	fmt.Println(sum)
	if err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
	}
	if err != nil || sum.failed > 0 {
		stop()
		os.Exit(1)
	}
}
