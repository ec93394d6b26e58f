package manifest

import (
	"encoding/json"
	"testing"

	"github.com/diorama-dev/diorama/internal/compose"
)

func TestLossJSON(t *testing.T) {
	for _, loss := range []Loss{
		{Position: compose.Position{File: "a.yaml", Line: 3, Column: 5}, Key: "services.a.pid", Reason: "why"},
		{Position: compose.Position{File: `C:\a.yaml`, Line: 3, Column: 5}},
		{Position: compose.Position{File: "a.yaml"}},
	} {
		data, err := json.Marshal(loss)
		if err != nil {
			t.Fatal(err)
		}
		var back Loss
		if err := json.Unmarshal(data, &back); err != nil || back != loss {
			t.Errorf("%+v became %s and %+v, %v", loss, data, back, err)
		}
	}
}
