// Package views answers one question: what does the operator see and ask? The
// App routes between screens; each screen turns a snapshot into rows by pure
// functions and keys into intents. Nothing here talks to a server: what the
// screens need from the outside comes through the small interfaces declared
// here.
package views
