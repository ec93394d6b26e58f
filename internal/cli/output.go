package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// printJSON writes a result as JSON for programs.
func printJSON(s *streams, value any) error {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	_, err := s.out.Write(b.Bytes())
	return err
}

// paint puts a piece of a result into a colour, an SGR parameter, where
// colours are wanted.
func (s *streams) paint(sgr, text string) string {
	if !s.color || sgr == "" {
		return text
	}
	return "\x1b[" + sgr + "m" + text + "\x1b[0m"
}
