package cli

import (
	"fmt"
	"os"
	"time"
)

// saveScreen writes a screen into a new file in the current folder, readable
// by its owner alone, and tells its name.
func saveScreen(text string) (string, error) {
	name := "slotdeck-" + time.Now().Format("20060102-150405.000") + ".txt"
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", err
	}
	if _, err = f.WriteString(text); err != nil {
		f.Close()
		return "", fmt.Errorf("%s is not whole: %w", name, err)
	}
	return name, f.Close()
}
