package views

import (
	"slices"

	"slotdeck/cluster/plan"
)

// repairFields are what the operator can say about a repair of slots. As they
// are at first, they decide nothing: what needs a word is listed and left. To
// look for keys that a server hides sends SETSLOT, which a form must not do
// before its plan is confirmed: "slotdeck fix" asks about it.
type repairFields struct {
	owners                      *textField
	gone, claims, strays, twice *choiceField
}

// strayWays are what the words about stray keys say.
var strayWays = []plan.StrayWay{plan.LeaveStrays, plan.MergeStrays, plan.DeleteStrays}

func newRepairFields() repairFields {
	return repairFields{
		owners: &textField{label: "owners", empty: "where the keys lie (enter to type SLOTS=NODE …, or balance)", optional: true},
		gone:   &choiceField{label: "gone for good", words: []string{"leave their slots", "give them away: keys are lost"}},
		claims: &choiceField{label: "claimants", words: []string{"leave them", "the highest epoch with the most keys wins"}},
		strays: &choiceField{label: "stray keys", words: []string{"leave them", "bring them to the owners", "remove them, saved first"}},
		twice:  &choiceField{label: "two values", words: []string{"leave the slot open", "keep the owner's, save the other"}},
	}
}

func (r repairFields) list() []moveField {
	return []moveField{r.owners, r.gone, r.claims, r.strays, r.twice}
}

func (r repairFields) wish() plan.RepairWish {
	return plan.RepairWish{Owners: r.owners.value, Unreachable: r.gone.at == 1, Claimants: r.claims.at == 1, Strays: strayWays[r.strays.at], Replace: r.twice.at == 1}
}

// fill puts the words of a wish into the fields.
func (r repairFields) fill(w plan.RepairWish) {
	r.owners.value, r.strays.at = w.Owners, max(0, slices.Index(strayWays, w.Strays))
	for field, said := range map[*choiceField]bool{r.gone: w.Unreachable, r.claims: w.Claimants, r.twice: w.Replace} {
		if said {
			field.at = 1
		}
	}
}
