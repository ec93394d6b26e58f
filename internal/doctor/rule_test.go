package doctor

import "testing"

func TestCatalogueIsWhole(t *testing.T) {
	seen := map[string]bool{}
	for _, doc := range Catalogue() {
		if seen[doc.ID] {
			t.Errorf("%s is documented twice", doc.ID)
		}
		seen[doc.ID] = true
		if doc.Title == "" || doc.Meaning == "" || len(doc.Remedies) == 0 {
			t.Errorf("%s lacks words: %+v", doc.ID, doc)
		}
	}
}
