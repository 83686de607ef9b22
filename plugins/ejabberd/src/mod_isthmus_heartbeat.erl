%%% A worker that has stopped reading shows no error on TCP, and stanzas would pile up for it unseen: so each connection is pinged.
%%% Everything that a connection sends counts as a sign of life: a worker deep in work answers late.
%%% SPDX-License-Identifier: Apache-2.0
-module(mod_isthmus_heartbeat).

-export([tick/1, check/4, ping/3, answered/2, tell/3]).
-export_type([news/0]).

-include("mod_isthmus.hrl").

%% What a ping tells: all contacts were shown offline; presence was dropped at a bound. With how often that has happened.
-type news() :: #{withdrawn | missed => pos_integer()}.

-define(LOOKS_IN_AN_INTERVAL, 10).

%% Time between two looks, in milliseconds.
-spec tick(mod_isthmus_hub:options()) -> pos_integer().
tick(#{ping_interval := Interval, ping_deadline := Deadline}) ->
    max(1, min(Interval, Deadline) div ?LOOKS_IN_AN_INTERVAL).

%% What is due on a connection that was last heard at a certain time.
-spec check(#connection{}, integer(), integer(), mod_isthmus_hub:options()) -> nothing | ping | silent.
check(#connection{ping = none, pinged_at = PingedAt}, _HeardAt, Now, #{ping_interval := Interval}) ->
    if Now - PingedAt >= Interval -> ping; true -> nothing end;
check(#connection{silent = true}, _HeardAt, _Now, _Options) ->
    nothing;
check(#connection{pinged_at = PingedAt}, HeardAt, Now, #{ping_deadline := Deadline} = Options) ->
    case Now - max(PingedAt, HeardAt) >= Deadline - tick(Options) of true -> silent; false -> nothing end.

%% Sends a ping. At most one is under way on a connection, so a silent one does not collect them.
-spec ping(#connection{}, binary(), integer()) -> #connection{}.
ping(#connection{pid = Pid, untold = Untold} = Connection, Component, Now) ->
    Id = <<"isthmus-", (p1_rand:get_string())/binary>>,
    [Domain | _] = mod_isthmus_config:domains(Component) ++ [ejabberd_config:get_myname()],
    Attributes = [{<<"xmlns">>, ?NS_PARTITION} | [attribute(Each) || Each <- maps:keys(Untold)]],
    ejabberd_service:send(Pid, #iq{type = get, id = Id, from = jid:make(Domain), to = jid:make(Component),
                                   sub_els = [#xmlel{name = <<"ping">>, attrs = Attributes}]}),
    Connection#connection{ping = Id, pinged_at = Now, telling = Untold}.

%% Answering a ping, by a result or an error, the worker has read what it told.
-spec answered(#connection{}, binary()) -> #connection{} | other.
answered(#connection{ping = Id, untold = Untold, telling = Told} = Connection, Id) ->
    IsNew = fun(Each, Count) -> maps:get(Each, Told, 0) =/= Count end,
    Connection#connection{ping = none, untold = maps:filter(IsNew, Untold)};
answered(_Connection, _Id) ->
    other.

%% Something has happened so many times that the worker must learn.
-spec tell(withdrawn | missed, non_neg_integer(), #connection{}) -> #connection{}.
tell(_What, 0, Connection) ->
    Connection;
tell(What, Times, #connection{untold = Untold} = Connection) ->
    Connection#connection{untold = Untold#{What => maps:get(What, Untold, 0) + Times}}.

attribute(withdrawn) -> {<<"contacts">>, <<"withdrawn">>};
attribute(missed) -> {<<"presence">>, <<"missed">>}.
