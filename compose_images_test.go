package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"slotdeck/cluster/lab"
)

// The images of the classroom's test are made of what this machine has: no
// registry has to be in reach.

// imported makes an image of the files that a tar command packs, and removes it
// after the test.
func imported(t *testing.T, name string, changes []string, tar ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	args := []string{"import"}
	for _, change := range changes {
		args = append(args, "-c", change)
	}
	pack := exec.CommandContext(ctx, "tar", append([]string{"-cf", "-"}, tar...)...)
	take := exec.CommandContext(ctx, "docker", append(args, "-", name)...)
	var complaints strings.Builder
	pack.Stderr, take.Stderr = &complaints, &complaints
	var err error
	if take.Stdin, err = pack.StdoutPipe(); err != nil {
		t.Fatal(err)
	}
	if err := pack.Start(); err != nil {
		t.Fatal(err)
	}
	taken := take.Run()
	if packed := pack.Wait(); packed != nil || taken != nil {
		t.Fatalf("the image %s cannot be made: %v, %v\n%s", name, packed, taken, complaints.String())
	}
	t.Cleanup(func() { unmake(t, name) })
	return name
}

func unmake(t *testing.T, image string) {
	if out, err := exec.CommandContext(context.WithoutCancel(t.Context()), "docker", "rmi", "-f", image).CombinedOutput(); err != nil {
		t.Errorf("the image %s cannot be removed: %v\n%s", image, err, out)
	}
}

// serverImage is an image of a server that "make servers" unpacked, with its own
// libraries. It takes options in place of a command, as official images do.
func serverImage(t *testing.T, s lab.Server) string {
	t.Helper()
	root := filepath.Join(filepath.Dir(filepath.Dir(s.Path)), "root")
	loaders, _ := filepath.Glob(filepath.Join(root, "usr/lib/*/ld-linux*")) // only a bad pattern is an error
	if len(loaders) == 0 {
		t.Fatalf(`%s was not unpacked by "make servers", so no image can be made of it; name one: SERVER_IMAGE=valkey/valkey:9 make compose-test`, s.Path)
	}
	loader, err := filepath.Rel(root, loaders[0])
	if err != nil {
		t.Fatal(err)
	}
	entry := `ENTRYPOINT ["/` + loader + `","--library-path","/` + filepath.Dir(loader) + `","/usr/bin/` + filepath.Base(s.Path) + `"]`
	return imported(t, "slotdeck-test-server:"+s.Name, []string{entry, "WORKDIR /data", "VOLUME /data"}, "-C", root, "usr")
}

// consoleImage builds the Dockerfile. This machine's Go, the modules that it has
// and its shell stand in for the golang image.
func consoleImage(t *testing.T) string {
	t.Helper()
	env := func(name string) string {
		out, err := exec.Command("go", "env", name).Output()
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(out))
	}
	modules := t.TempDir()
	get := exec.Command("go", "mod", "download")
	get.Env = append(os.Environ(), "GOMODCACHE="+modules, "GOFLAGS=-modcacherw",
		"GOPROXY=file://"+filepath.Join(env("GOMODCACHE"), "cache/download")+","+env("GOPROXY"))
	if out, err := get.CombinedOutput(); err != nil {
		t.Fatalf("the modules for the image cannot be had: %v\n%s", err, out)
	}
	files := []string{"-C", filepath.Dir(env("GOROOT")), "--transform", "s,^" + filepath.Base(env("GOROOT")) + ",usr/local/go,", filepath.Base(env("GOROOT")),
		"-C", modules, "--transform", "s,^cache,modules/cache,", "cache/download", "-h", "-C", "/", "bin/sh", "etc/ssl/certs/ca-certificates.crt"}
	files = append(files, librariesOf(t, "/bin/sh")...)
	base := imported(t, "slotdeck-test-golang:latest", []string{
		"ENV PATH=/usr/local/go/bin:/bin GOPROXY=file:///modules/cache/download GONOSUMDB=* GONOSUMCHECK=1 GOFLAGS=-mod=readonly GOTOOLCHAIN=local GOCACHE=/gocache GOPATH=/gopath HOME=/ TMPDIR=/",
	}, files...)
	// The first stage gets a name of its own so that it can be removed, too.
	const stage, name = "slotdeck-test-build:latest", "slotdeck-test-console:latest"
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
	defer cancel()
	for _, args := range [][]string{{"--target", "build", "-t", stage}, {"-t", name}} {
		build := exec.CommandContext(ctx, "docker", append(append([]string{"build", "--build-arg", "GO_IMAGE=" + base}, args...), ".")...)
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("the Dockerfile does not build: %v\n%s", err, out)
		}
		t.Cleanup(func() { unmake(t, args[len(args)-1]) })
	}
	size, err := exec.CommandContext(ctx, "docker", "image", "inspect", "-f", "{{.Size}}", name).Output()
	t.Logf("slotdeck's image has %s bytes (%v)", strings.TrimSpace(string(size)), err)
	return name
}

// librariesOf are the files that a program loads, without the leading slash.
func librariesOf(t *testing.T, program string) (files []string) {
	t.Helper()
	out, err := exec.Command("ldd", program).Output()
	if err != nil {
		return nil // it is static
	}
	for word := range strings.FieldsSeq(string(out)) {
		if strings.HasPrefix(word, "/") {
			files = append(files, strings.TrimPrefix(word, "/"))
		}
	}
	return files
}
