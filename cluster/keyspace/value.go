package keyspace

import "time"

// Value is one page of what a key holds, with what is known of the key.
type Value struct {
	Entry
	Rows []Row  // of all types but strings
	Text string // of a string, or of JSON: the part from Offset on
	From string // where the page begins, as asked; empty: the beginning
	Next string // where the next page begins; empty: nowhere
	// Withheld says why nothing is shown though there is something: it would
	// have to be fetched whole, and is large. Asking with Whole fetches it.
	Withheld string
}

// Row is one element: a field, item, member or entry.
type Row struct {
	Name string // field, member, id of a stream's entry; the index of a list's item
	Text string // value or score; of a stream's entry, its fields as words
	TTL  time.Duration
	Cut  bool // only the beginning of Text is here
}

// PageText and PageRows are how much a page has at most.
const (
	PageText = 16 << 10 // bytes of a string
	PageRows = 100
	PageSize = 4 << 20 // bytes of a page that are fetched unasked
)

// ValueAsk says which page is wanted.
type ValueAsk struct {
	From    string
	Whole   bool // fetch what is withheld, too
	Replica bool // from a replica, which may be behind its primary
}
