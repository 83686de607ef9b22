%%% The connections of a hub: how they come, tell who they are, fall silent and go. Runs in the hub.
%%% SPDX-License-Identifier: Apache-2.0
-module(mod_isthmus_connections).

-export([with/3, attach/2, detach/2, announced/4, drained/3, check/2, ping_answered/2, withdraw_contacts/1, set_live/1]).

-include("logger.hrl").
-include("mod_isthmus_hub.hrl").

%% A connection that is closed for its silence may hang in a write, and is ended after this time.
-define(MILLISECONDS_TO_SAY_FAREWELL, 1000).

with(Pid, #hub{connections = Connections} = Hub, Do) ->
    case Connections of
        #{Pid := Connection} -> Do(Connection);
        #{} -> Hub
    end.

attach(Pid, #hub{component = Component, serial = Serial, shared = #{heard := Heard}} = Hub) ->
    Name = <<"unnamed-", (p1_rand:get_string())/binary>>,
    Connection = #connection{pid = Pid, monitor = monitor(process, Pid), name = Name, serial = Serial + 1, pinged_at = now_ms()},
    ets:insert(Heard, {Pid, now_ms()}),
    ?INFO_MSG("Connection ~ts of ~ts attached", [Name, Component]),
    on_change(put_connection(Connection, Hub#hub{serial = Serial + 1})).

%% Leaves the hub without its stanzas: they go to others.
detach(#connection{pid = Pid, monitor = Monitor, name = Name} = Connection, #hub{component = Component, shared = #{heard := Heard}} = Hub) ->
    demonitor(Monitor, [flush]),
    ets:delete(Heard, Pid),
    ?INFO_MSG("Connection ~ts of ~ts detached", [Name, Component]),
    Mute = put_connection(Connection#connection{silent = true}, Hub),
    on_change(mod_isthmus_handover:on_gone(Connection, Mute)).

announced(#connection{pid = Pid} = Connection, Iq, #{name := Name, acknowledge := Acknowledge, ready := Ready}, Hub) ->
    report_announcement(Connection, Name, Ready),
    IsFirst = not Connection#connection.announced andalso not is_served(Connection, Hub),
    Named = Connection#connection{name = Name, announced = true, ready = Ready, acknowledges = Acknowledge orelse Connection#connection.acknowledges},
    Changed = on_change(put_connection(Named, Hub)),
    %% Afterwards, since the answer tells what the change has taken from the connection.
    ejabberd_service:send(Pid, xmpp:make_iq_result(Iq, acknowledgement(maps:get(Pid, Changed#hub.connections)))),
    IsFirst andalso mod_isthmus_introduce:start(Hub#hub.shared),
    Changed.

-spec drained(#connection{}, stanza(), #hub{}) -> #hub{}.
drained(#connection{pid = Pid, name = Name} = Connection, Iq, Hub) ->
    ejabberd_service:send(Pid, xmpp:make_iq_result(Iq)),
    ?INFO_MSG("Connection ~ts drains", [Name]),
    on_change(put_connection(Connection#connection{draining = true}, Hub)).

report_announcement(#connection{name = Name, ready = Ready}, Name, Ready) -> ok;
report_announcement(#connection{name = Name}, Name, true) -> ?INFO_MSG("Connection ~ts is ready again", [Name]);
report_announcement(#connection{name = Name}, Name, false) -> ?INFO_MSG("Connection ~ts is not ready: it is chosen last", [Name]);
report_announcement(#connection{name = Old}, Name, _) -> ?INFO_MSG("Connection ~ts is worker ~ts", [Old, Name]).

acknowledgement(#connection{acknowledges = false}) ->
    undefined;
acknowledgement(#connection{moved = Moved}) ->
    Attributes = [{<<"xmlns">>, ?NS_PARTITION}, {<<"acknowledge">>, <<"true">>}] ++ [{<<"moved">>, integer_to_binary(Moved)} || Moved =/= none],
    #xmlel{name = <<"worker">>, attrs = Attributes}.

%% Has another live worker told its name?
is_served(#connection{pid = Pid}, #hub{connections = Connections}) ->
    mod_isthmus_choice:highest_rank(maps:values(maps:remove(Pid, Connections))) =/= nameless.

%% What is due on a connection: nothing, a ping, or the end of patience.
-spec check(pid(), #hub{}) -> #hub{}.
check(Pid, #hub{connections = Connections, options = Options, shared = #{heard := Heard}} = Hub) ->
    #{Pid := Connection} = Connections,
    case mod_isthmus_heartbeat:check(Connection, ets:lookup_element(Heard, Pid, 2), now_ms(), Options) of
        nothing -> Hub;
        ping -> ping(Connection, Hub);
        silent -> fall_silent(Connection, Hub)
    end.

ping(Connection, #hub{component = Component} = Hub) ->
    put_connection(mod_isthmus_heartbeat:ping(Connection, Component, now_ms()), Hub).

%% What a worker has not confirmed is given away, so it must not come back with it: its connection ends. One that confirms nothing
%% keeps what it has, and returns with its next answer.
fall_silent(#connection{name = Name, acknowledges = false} = Connection, Hub) ->
    ?WARNING_MSG("Connection ~ts does not answer: it gets no stanzas until it does", [Name]),
    on_change(put_connection(Connection#connection{silent = true}, Hub));
fall_silent(#connection{name = Name, pid = Pid} = Connection, Hub) ->
    ?WARNING_MSG("Connection ~ts does not answer: it is closed", [Name]),
    ejabberd_service:send(Pid, xmpp:serr_connection_timeout()),
    {ok, _} = timer:kill_after(?MILLISECONDS_TO_SAY_FAREWELL, Pid),
    detach(Connection, Hub).

ping_answered(other, Hub) ->
    Hub;
ping_answered(#connection{silent = false} = Connection, Hub) ->
    put_connection(Connection, Hub);
ping_answered(#connection{name = Name, untold = Untold} = Connection, Hub) ->
    ?INFO_MSG("Connection ~ts answers again", [Name]),
    Back = on_change(put_connection(Connection#connection{silent = false}, Hub)),
    if map_size(Untold) =:= 0 -> Back; true -> ping(Connection#connection{silent = false}, Back) end.

%% After each change that lets a connection become live or cease to be so.
on_change(#hub{changes = Changes, options = #{grace_period := Grace}, component = Component} = Hub) ->
    Changed = Hub#hub{changes = Changes + 1},
    case set_live(Changed) of
        0 ->
            ?WARNING_MSG("No live connection of ~ts", [Component]),
            erlang:send_after(Grace, self(), {grace_over, Changes + 1});
        _ ->
            ok
    end,
    mod_isthmus_handover:on_change(Changed).

withdraw_contacts(#hub{connections = Connections, shared = #{contacts := Contacts, heard := Heard} = Shared} = Hub) ->
    ?WARNING_MSG("No live connection of ~ts: showing ~b contacts offline", [Hub#hub.component, mod_isthmus_memory:size(Contacts)]),
    IsWanted = fun() -> ets:lookup_element(Heard, live, 2) =:= 0 end,
    spawn(fun() -> catch mod_isthmus_contacts:withdraw_while(IsWanted, Shared) end),
    Hub#hub{connections = maps:map(fun(_, Connection) -> mod_isthmus_heartbeat:tell(withdrawn, 1, Connection) end, Connections)}.

%% Tells other processes how many connections are live.
set_live(#hub{connections = Connections, shared = #{heard := Heard}}) ->
    Live = length([Each || Each <- maps:values(Connections), mod_isthmus_choice:is_live(Each)]),
    ets:insert(Heard, {live, Live}),
    Live.

put_connection(#connection{pid = Pid} = Connection, #hub{connections = Connections} = Hub) ->
    Hub#hub{connections = Connections#{Pid => Connection}}.

now_ms() ->
    erlang:monotonic_time(millisecond).
