%%% Which connection has the stanzas of a pair: the rendezvous hash of the protocol, and the keepers of busy pairs.
%%% Nothing here sends anything or knows the time.
%%% SPDX-License-Identifier: Apache-2.0
-module(mod_isthmus_choice).

-export([pair/2, is_live/1, highest_rank/1, choose/3]).
-export([new_keepers/0, rotate/1, keep/4]).
-export_type([pair/0, keepers/0]).

-include("logger.hrl").
-include("mod_isthmus.hrl").

%% 0x00, the bytewise smaller of the two bare JIDs, 0x00, the other one.
-type pair() :: binary().

%% Name of the worker that had a pair, for pairs with a stanza since the last rotation, and for those of the time before it.
-record(keepers, {recent = #{} :: #{pair() => binary()}, older = #{} :: #{pair() => binary()}}).
-opaque keepers() :: #keepers{}.

-spec pair(jid:jid(), jid:jid()) -> pair().
pair(One, Other) ->
    [First, Second] = lists:sort([bare(One), bare(Other)]),
    <<0, First/binary, 0, Second/binary>>.

%% May it get new stanzas?
-spec is_live(#connection{}) -> boolean().
is_live(#connection{draining = Draining, silent = Silent}) ->
    not Draining andalso not Silent.

%% The rank of the live connections among which the choice is; `nameless` also if there are none.
-spec highest_rank([#connection{}]) -> nameless | not_ready | ready.
highest_rank(Connections) ->
    Ranks = [rank(Each) || Each <- Connections, is_live(Each)],
    case {lists:member(ready, Ranks), lists:member(not_ready, Ranks)} of
        {true, _} -> ready;
        {_, true} -> not_ready;
        _ -> nameless
    end.

%% The live connection for a pair; none if there is none.
-spec choose(pair(), [#connection{}], keepers()) -> #connection{} | none.
choose(Pair, Connections, Keepers) ->
    Highest = highest_rank(Connections),
    Candidates = [Each || Each <- Connections, is_live(Each), rank(Each) =:= Highest],
    case kept(Pair, Candidates, Keepers) of
        none -> hashed(Pair, Candidates);
        Connection -> Connection
    end.

-spec new_keepers() -> keepers().
new_keepers() ->
    #keepers{}.

%% Forgets what was quiet since the last rotation.
-spec rotate(keepers()) -> keepers().
rotate(#keepers{recent = Recent, older = Older}) ->
    map_size(Older) > 0 andalso ?DEBUG("Forgot the workers of at most ~b quiet pairs", [map_size(Older)]),
    #keepers{older = Recent}.

%% Notes who has a pair now. A pair moves to another living worker only when it has been quiet: what stands in the socket of the
%% one would be overtaken by what goes to the other.
-spec keep(pair(), #connection{} | none, pos_integer(), keepers()) -> keepers().
keep(Pair, #connection{announced = true, name = Name}, Limit, #keepers{recent = Recent} = Keepers) ->
    case map_size(Recent) >= Limit andalso not is_map_key(Pair, Recent) of
        true -> (rotate(Keepers))#keepers{recent = #{Pair => Name}};
        false -> Keepers#keepers{recent = Recent#{Pair => Name}}
    end;
keep(_Pair, _Connection, _Limit, Keepers) ->
    Keepers.

%% One that has told no name may be a worker still on its way, or somebody who only looks whether all is well.
rank(#connection{announced = false}) -> nameless;
rank(#connection{ready = false}) -> not_ready;
rank(_) -> ready.

bare(#jid{luser = <<>>, lserver = Server}) -> Server;
bare(#jid{luser = User, lserver = Server}) -> <<User/binary, $@, Server/binary>>.

%% The newest connection of the worker that had the pair lately.
kept(Pair, Candidates, #keepers{recent = Recent, older = Older}) ->
    case maps:get(Pair, Recent, maps:get(Pair, Older, none)) of
        none -> none;
        Name -> best(fun(#connection{serial = Serial}) -> Serial end, [Each || Each <- Candidates, Each#connection.name =:= Name])
    end.

%% Two connections of one name tie: the newer one is the worker's, the older is about to end.
hashed(Pair, Candidates) ->
    best(fun(#connection{name = Name, serial = Serial}) -> {crypto:hash(sha, <<Name/binary, Pair/binary>>), Serial} end, Candidates).

best(_Score, []) ->
    none;
best(Score, Connections) ->
    {_, Best} = lists:max([{Score(Each), Each} || Each <- Connections]),
    Best.
