"""Integer networks as the core likes them: whole blocks of channels, alike windows.

Reading order: `arrangement` and `selections` (channels in other places), `graph_arrange_channels`
(joins in whole blocks), `graph_fold_shuffle` (shuffles into weights), `graph_fold_space_to_depth`
(a first convolution), `graph_split_groups`, `graph_split_pools` and `graph_split_transposed` (parts
that are alike; `epilogue` is what they take along), `graph_split_weights` (weights of 9 bits).
"""
