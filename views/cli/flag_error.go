package cli

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// flagError makes a sentence of the toolkit's complaint, with the flag that
// may have been meant.
func flagError(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var empty *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown):
		if unknown.GetSpecifiedShortnames() != "" {
			return usage("there is no flag -%s", unknown.GetSpecifiedName())
		}
		name := unknown.GetSpecifiedName()
		if near := nearest(name, flagNames(cmd)); near != "" {
			return usage("there is no flag --%s (did you mean --%s?)", name, near)
		}
		return usage("there is no flag --%s", name)
	case errors.As(err, &empty):
		return usage("%s needs a value", flagName(empty.GetFlag()))
	case errors.As(err, &invalid):
		return usage("%s: %w", flagName(invalid.GetFlag()), valueError(invalid))
	}
	return usage("%w", err)
}

// valueError says what a value should have been.
func valueError(e *pflag.InvalidValueError) error {
	var own *Failure
	if errors.As(e.Unwrap(), &own) {
		return own
	}
	value := strconv.Quote(e.GetValue())
	switch e.GetFlag().Value.Type() {
	case "int":
		return fmt.Errorf("%s is not a whole number", value)
	case "duration":
		return fmt.Errorf("%s is not a length of time such as 500ms, 2s or 1m", value)
	case "bool":
		return fmt.Errorf("%s is neither true nor false", value)
	}
	return fmt.Errorf("%s is not a value for it", value)
}

func flagName(f *pflag.Flag) string {
	if f.Shorthand != "" {
		return "-" + f.Shorthand + ", --" + f.Name
	}
	return "--" + f.Name
}
