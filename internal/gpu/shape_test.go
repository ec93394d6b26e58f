package gpu_test

import (
	"errors"
	"regexp"
	"slices"
	"testing"

	"github.com/diorama-dev/diorama/internal/gpu"
)

func TestParseShape(t *testing.T) {
	for text, want := range map[string]string{"2xA100": "2xA100", "64xrtx4090": "64xRTX4090", "1xA100-80GB": "1xA100-80GB"} {
		if got, err := gpu.ParseShape(text); err != nil || got.String() != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "A100", "0xA100", "65xA100", "-1xA100", "2x", "xA100", "2XA100"} {
		if got, err := gpu.ParseShape(text); err == nil {
			t.Errorf("%q: %v", text, got)
		}
	}
	_, err := gpu.ParseShape("2xA1000")
	if unknown, ok := errors.AsType[*gpu.UnknownModelError](err); !ok || unknown.Model != "A1000" {
		t.Errorf("unknown model: %v", err)
	}
}

func TestMIGResource(t *testing.T) {
	for profile, want := range map[string]string{"1g.10gb": "nvidia.com/mig-1g.10gb", "1g.10gb+me": "nvidia.com/mig-1g.10gb.me"} {
		if got := gpu.MIGResource(profile); got != want || !gpu.IsResource(got) {
			t.Errorf("%s: %s", profile, got)
		}
	}
}

func TestSimulatedDevicesStayTheSame(t *testing.T) {
	shape, err := gpu.ParseShape("2xT4")
	if err != nil {
		t.Fatal(err)
	}
	first, second := shape.Devices("shop", "node"), shape.Devices("shop", "node")
	if !slices.EqualFunc(first, second, func(a, b gpu.Device) bool { return a.UUID == b.UUID && a.Index == b.Index }) {
		t.Errorf("%v, then %v", first, second)
	}
	form := regexp.MustCompile(`^GPU-[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	seen := map[string]bool{}
	for _, d := range slices.Concat(first, shape.Devices("shop", "other"), shape.Devices("else", "node")) {
		if !form.MatchString(d.UUID) || seen[d.UUID] {
			t.Errorf("UUID %s", d.UUID)
		}
		seen[d.UUID] = true
	}
	if id := gpu.Replica(first[0].UUID, 3); gpu.PhysicalUUID(id) != first[0].UUID || gpu.PhysicalUUID(first[0].UUID) != first[0].UUID {
		t.Errorf("share %s", id)
	}
}
