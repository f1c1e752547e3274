// Package spawn starts goroutines whose panics all come to one place. Left to the
// runtime, a panic ends the program with the exit code of a usage error.
//
// Goroutines that libraries start are out of its reach: what they call back defers
// Catch itself.
package spawn

import (
	"runtime/debug"
	"sync"
	"sync/atomic"
)

var end atomic.Pointer[func(v any, stack []byte)]

// OnPanic names what deals with panics from now on, for the whole program: it gets
// the value and the stack, and is not expected to return. Without it, or with nil,
// panics are left to the runtime.
func OnPanic(f func(v any, stack []byte)) {
	if f == nil {
		end.Store(nil)
		return
	}
	end.Store(&f)
}

// Catch is to be deferred.
func Catch() {
	f := end.Load()
	if f == nil {
		return
	}
	if v := recover(); v != nil {
		(*f)(v, debug.Stack())
	}
}

// Caught is f with its panics caught, for what calls it in a goroutine of its own.
func Caught(f func()) func() {
	return func() {
		defer Catch()
		f()
	}
}

// Go starts a goroutine.
func Go(f func()) { go Caught(f)() }

// Group starts goroutines that can be waited for.
type Group struct{ sync.WaitGroup }

// Go starts one.
func (g *Group) Go(f func()) { g.WaitGroup.Go(Caught(f)) }
