package stacks

import (
	"fmt"
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
)

// quantityForm is narrower than what Kubernetes takes: no sign, and no
// exponent, whose cost would be anything that a file asks for.
var quantityForm = regexp.MustCompile(`^[0-9]{1,12}(\.[0-9]{1,9})?(m|[kMGTP]|[KMGTP]i)?B?$`)

// ParseQuantity reads an amount as Kubernetes writes it: 512Mi, 1Gi, 500m,
// 0.5; a B at the end, as in 110MB, is allowed.
func ParseQuantity(text string) (resource.Quantity, error) {
	if !quantityForm.MatchString(text) {
		return resource.Quantity{}, fmt.Errorf("%q is no quantity: write it like 512Mi, 1Gi or 0.5", text)
	}
	quantity, err := resource.ParseQuantity(strings.TrimSuffix(text, "B"))
	if err != nil {
		return resource.Quantity{}, fmt.Errorf("read quantity %q: %w", text, err)
	}
	return quantity, nil
}

// plainQuantity is the amount as a decimal number without a unit, which means
// the same to Compose and to Kubernetes: 1Gi is 1073741824, 500m is 0.5.
func plainQuantity(text string) (string, error) {
	quantity, err := ParseQuantity(text)
	if err != nil {
		return "", err
	}
	return quantity.AsDec().String(), nil
}
