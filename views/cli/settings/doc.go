// Package settings answers: which clusters does the operator know by name, and
// how is each of them reached and treated?
//
// It reads the text of a configuration file into values. It opens no file, and it
// takes no password: only where one is found.
package settings
