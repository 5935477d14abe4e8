"""Integer networks as the core likes them: whole blocks of channels, alike windows.

Reading order: `arrangement` and `selections` (channels in other places), `graph_arrange_channels`
(joins in whole blocks), `graph_fold_shuffle` (shuffles into weights), `graph_fold_space_to_depth`
(a first convolution), `graph_split_groups` and `graph_split_pools` (parts that are alike).
"""
