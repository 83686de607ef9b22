%% What the modules of mod_isthmus share.

-include_lib("xmpp/include/xmpp.hrl").

-define(NS_PARTITION, <<"urn:isthmus:partition:0">>).

%% A numbered stanza that is not reported as handled.
-record(handed, {
    number :: pos_integer(),
    pair :: mod_isthmus_choice:pair(),
    packet :: stanza(),
    bytes :: non_neg_integer(),
    %% Not written: its connection drains, and it stands behind the last ones of its pair; or nobody is there to be given it.
    waits = false :: boolean(),
    %% Since when nobody has it (monotonic milliseconds).
    since = 0 :: integer()
}).

%% A connection of the component whose senders the guard judges.
-record(connection, {
    pid :: pid(),
    monitor :: reference(),
    %% The worker's name, or a generated one until the worker has told its own.
    name :: binary(),
    %% Number in the order of attaching.
    serial :: pos_integer(),
    announced = false :: boolean(),
    ready = true :: boolean(),
    acknowledges = false :: boolean(),
    draining = false :: boolean(),
    silent = false :: boolean(),
    %% Id of the ping that is not answered yet, and when the last one was sent (monotonic milliseconds).
    ping = none :: none | binary(),
    pinged_at :: integer(),
    %% What the worker does not know yet, with how often it has happened; and how much of that the ping under way tells.
    untold = #{} :: mod_isthmus_heartbeat:news(),
    telling = #{} :: mod_isthmus_heartbeat:news(),
    %% The highest number that was taken from it because it was not ready.
    moved = none :: none | pos_integer(),
    queue = mod_isthmus_queue:new() :: mod_isthmus_queue:queue()
}).
