// Package ui answers one question: how does anything look? It holds the theme,
// the shapes (tables, meters, the slot grid, dialogs) and the cleaning of text
// that came from outside. It knows nothing of clusters: it does no input or
// output, reads no clock and starts no goroutine.
package ui
