//go:build ignore

// Record starts real clusters of three primaries and three replicas on the
// loopback, brings them into the states that the parsers and the merged picture
// must cope with, and writes down what every node answers in each of them.
//
//	go run cluster/testdata/record/*.go -servers DIR -out cluster/testdata [VERSION ...]
//
// DIR holds a folder for each version, such as redis-8.0, with the programs in bin.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
)

func main() {
	servers := flag.String("servers", "", "folder with one folder for each version")
	out := flag.String("out", "cluster/testdata", "folder to write to")
	flag.Parse()
	versions := flag.Args()
	if len(versions) == 0 {
		found, err := filepath.Glob(filepath.Join(*servers, "*", "bin"))
		if err != nil || len(found) == 0 {
			log.Fatal("no servers there; say where with -servers")
		}
		for _, bin := range found {
			versions = append(versions, filepath.Base(filepath.Dir(bin)))
		}
	}
	for _, version := range versions {
		if err := record(filepath.Join(*servers, version, "bin"), filepath.Join(*out, version)); err != nil {
			log.Fatalf("%s: %v", version, err)
		}
		log.Printf("%s: recorded", version)
	}
}

func record(bin, out string) (err error) {
	if err := os.RemoveAll(out); err != nil {
		return err
	}
	c, err := start(bin)
	if err != nil {
		return err
	}
	defer c.stop()
	r := recorder{cluster: c, out: out}
	for _, scene := range scenes {
		log.Printf("%s: %s", filepath.Base(out), scene.name)
		if err := scene.play(&r); err != nil {
			return fmt.Errorf("%s: %w", scene.name, err)
		}
	}
	return nil
}
