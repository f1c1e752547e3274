package cluster

import "time"

// Reading is one value read from one node, with its age and the outcome of the
// newest attempt. A failed attempt keeps the last value: the reader decides,
// by its age, what it is still worth.
type Reading[T any] struct {
	Value T
	At    time.Time // when Value arrived; zero when it never did
	Err   error     // why the newest attempt failed; nil when it succeeded
	Tried time.Time // when the newest attempt ended; zero when there was none
}

// Known reports whether a value ever arrived.
func (r Reading[T]) Known() bool { return !r.At.IsZero() }

// Age is how old the value is at the given moment; a value that never arrived
// has the age -1.
func (r Reading[T]) Age(now time.Time) time.Duration {
	if r.At.IsZero() {
		return -1
	}
	return max(0, now.Sub(r.At))
}

// Succeed returns the reading after an attempt that brought a value.
func (r Reading[T]) Succeed(v T, at time.Time) Reading[T] {
	return Reading[T]{Value: v, At: at, Tried: at}
}

// Fail returns the reading after an attempt that brought an error.
func (r Reading[T]) Fail(err error, at time.Time) Reading[T] {
	r.Err, r.Tried = err, at
	return r
}
