"""Response plans (应急预案): versioned check-lists and contacts by kind and place."""
