%% State of mod_isthmus_hub, which mod_isthmus_handover and mod_isthmus_unhandled work on as well.

-include("mod_isthmus.hrl").

-record(hub, {
    component :: binary(),
    options :: mod_isthmus_hub:options(),
    shared :: mod_isthmus_config:hub(),
    %% Random, new for each life of the hub.
    epoch :: binary(),
    connections = #{} :: #{pid() => #connection{}},
    %% Serial of the last connection, number of the last stanza.
    serial = 0 :: non_neg_integer(),
    number = 0 :: non_neg_integer(),
    keepers = mod_isthmus_choice:new_keepers() :: mod_isthmus_choice:keepers(),
    %% Stanzas that wait for a worker to come, and whether a timer runs for them.
    nobody = mod_isthmus_queue:new() :: mod_isthmus_queue:queue(),
    watching = false :: boolean(),
    %% How much presence was dropped of which no worker can be told yet.
    missed = 0 :: non_neg_integer(),
    %% Where what is not reported of a pair is, and how much: all of it is in one place.
    holders = #{} :: #{mod_isthmus_choice:pair() => {mod_isthmus_unhandled:place(), pos_integer()}},
    %% Size of everything that is not reported.
    bytes = 0 :: non_neg_integer(),
    %% Has a bound been told in the log since there was room?
    full = false :: boolean(),
    %% Number of changes to what is live: a grace period that has begun before the last one no longer counts.
    changes = 0 :: non_neg_integer()
}).
