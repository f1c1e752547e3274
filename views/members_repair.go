package views

import "slotdeck/cluster/plan"

// repairFields are what the operator can say about a repair of slots. As they
// are at first, they decide nothing: what needs a word is listed and left. To
// look for keys that a server hides sends SETSLOT, which a form must not do
// before its plan is confirmed: "slotdeck fix" asks about it.
type repairFields struct {
	owners               *textField
	gone, claims, strays *choiceField
}

func newRepairFields() repairFields {
	return repairFields{
		owners: &textField{label: "owners", empty: "where the keys lie (enter to type SLOTS=NODE …, or balance)", optional: true},
		gone:   &choiceField{label: "gone for good", words: []string{"leave their slots", "give them away: keys are lost"}},
		claims: &choiceField{label: "claimants", words: []string{"leave them", "the highest epoch with the most keys wins"}},
		strays: &choiceField{label: "stray keys", words: []string{"leave them", "bring them to the owners"}},
	}
}

func (r repairFields) list() []moveField {
	return []moveField{r.owners, r.gone, r.claims, r.strays}
}

func (r repairFields) wish() plan.RepairWish {
	w := plan.RepairWish{Owners: r.owners.value, Unreachable: r.gone.at == 1, Claimants: r.claims.at == 1}
	if r.strays.at == 1 {
		w.Strays = plan.MergeStrays
	}
	return w
}
