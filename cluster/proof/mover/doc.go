// Package mover answers one question: who moves these slots now?
//
// It moves the same slots in every way there is: by slotdeck's own drivers, by
// the command-line tool that comes with the servers, and by the servers' bare
// commands, so that the ways can be measured against each other, and set upon
// each other.
package mover
