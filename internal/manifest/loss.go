package manifest

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/diorama-dev/diorama/internal/compose"
)

// Loss is something that the Compose file says and the cluster does not do.
type Loss struct {
	Position compose.Position
	Key      string // services.web.network_mode
	Reason   string
}

// String is a line for people: where, what, why.
func (l Loss) String() string { return fmt.Sprintf("%s: %s: %s", l.Position, l.Key, l.Reason) }

// lossJSON is a loss as JSON has it, its position as file:line:column.
type lossJSON struct {
	Position string `json:"position"`
	Key      string `json:"key"`
	Reason   string `json:"reason"`
}

// MarshalJSON writes the position the way compilers do.
func (l Loss) MarshalJSON() ([]byte, error) {
	return json.Marshal(lossJSON{Position: l.Position.String(), Key: l.Key, Reason: l.Reason})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (l *Loss) UnmarshalJSON(data []byte) error {
	var j lossJSON
	if err := json.Unmarshal(data, &j); err != nil {
		return fmt.Errorf("read a loss: %w", err)
	}
	*l = Loss{Position: parsePosition(j.Position), Key: j.Key, Reason: j.Reason}
	return nil
}

// parsePosition is the opposite of a position's String; a text that does not
// end in two numbers is a file.
func parsePosition(text string) compose.Position {
	parts := strings.Split(text, ":")
	if n := len(parts); n > 2 {
		line, lineErr := strconv.Atoi(parts[n-2])
		column, columnErr := strconv.Atoi(parts[n-1])
		if lineErr == nil && columnErr == nil {
			return compose.Position{File: strings.Join(parts[:n-2], ":"), Line: line, Column: column}
		}
	}
	return compose.Position{File: text}
}
