//go:build !unix

package lab

import (
	"errors"
	"os"
	"syscall"
)

var errPlatform = errors.New("the lab needs Linux, macOS or another Unix")

func inGroup(int) *syscall.SysProcAttr  { return nil }
func freeze(*os.Process) error          { return errPlatform }
func thaw(*os.Process) error            { return errPlatform }
func ask(*os.Process) error             { return errPlatform }
func lockFile(string) (*os.File, error) { return nil, errPlatform }
