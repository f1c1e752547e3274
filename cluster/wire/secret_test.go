package wire

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestSecretNeverPrintsItself(t *testing.T) {
	const word = "hunter2"
	type nested struct{ inner Options }
	o := Options{Username: "u", Password: NewSecret(word)}
	asJSON, err := json.Marshal(map[string]any{"s": o.Password})
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "s", o.Password)
	shown := []string{string(asJSON), log.String()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		shown = append(shown, fmt.Sprintf(verb, o.Password), fmt.Sprintf(verb, o), fmt.Sprintf(verb, &o), fmt.Sprintf(verb, nested{o}))
	}
	for _, text := range shown {
		if strings.Contains(text, word) || strings.Contains(text, "68756e74") {
			t.Errorf("shows the password: %s", text)
		}
	}
	if o.Password.Reveal() != word || !NewSecret("").Empty() || o.Password.Empty() {
		t.Error("the password itself is lost")
	}
}
