package profiles

import (
	"maps"
	"slices"

	"github.com/diorama-dev/diorama/internal/yamlpos"
)

// mesh checks that what joins the mesh is there. A stack of the catalogue that
// the profile does not name counts too: it joins once it is there.
func (v *validator) mesh(names []string, apps []App) []string {
	known := slices.Concat(slices.Collect(maps.Keys(v.instances)), v.catalogue.Names())
	for _, app := range apps {
		known = append(known, app.Name)
	}
	var members []string
	for i, name := range names {
		switch {
		case slices.Contains(members, name):
			v.reportItem(i, "is there already: remove one", name)
		case !slices.Contains(known, name):
			slices.Sort(known)
			v.problems = append(v.problems, v.root.Get("mesh").Items[i].Problem(yamlpos.Index("mesh", i),
				yamlpos.Unknown("stack or app", name, slices.Compact(known))))
		default:
			members = append(members, name)
		}
	}
	return members
}

func (v *validator) reportItem(i int, message, name string) {
	v.problems = append(v.problems, v.root.Get("mesh").Items[i].Problem(yamlpos.Index("mesh", i), yamlpos.Quote(name)+" "+message))
}
