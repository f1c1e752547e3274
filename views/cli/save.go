package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// saveScreen writes a screen into a new file in the current folder, and tells
// its name.
func saveScreen(text string) (string, error) {
	return writeNew("slotdeck-"+time.Now().Format("20060102-150405.000")+".txt", text)
}

// writeNew writes a text into a new file in the current folder, readable by its
// owner alone, and tells its name. A name that is taken gets a number.
func writeNew(name, text string) (string, error) {
	ext := filepath.Ext(name)
	first := name
	for n := 2; ; n++ {
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, fs.ErrExist) && n < 1000 {
			name = fmt.Sprintf("%s-%d%s", strings.TrimSuffix(first, ext), n, ext)
			continue
		}
		if err != nil {
			return "", err
		}
		if _, err = f.WriteString(text); err != nil {
			f.Close()
			return "", fmt.Errorf("%s is not whole: %w", name, err)
		}
		return name, f.Close()
	}
}
